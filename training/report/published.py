"""What others reached on Flickr8k, with where it is written."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reported:
    """Scores in per cent on the test split; None where none was published."""

    system: str
    encoder: str
    beam: str
    bleu1: float | None
    bleu2: float | None
    bleu3: float | None
    bleu4: float | None
    meteor: float | None
    cider: float | None
    source: str


@dataclass(frozen=True)
class ReportedRecall:
    """Text → image on the 1,000 photographs of the test split; recalls in per cent."""

    system: str
    feature: str
    r1: float | None
    r5: float | None
    r10: float | None
    median: float | None
    source: str


_RERUN = "re-run by S. Katiyar: github.com/sulabhkatiyar"
# fmt: off
CAPTIONING = (
    Reported("Blog baseline, greedy", "VGG16 fc2", "1", 57.9, 34.4, 25.2, 13.1, None, None,
              "Brownlee 2017, machinelearningmastery.com: photo caption generator from scratch"),
    Reported("NIC", "VGG16, frozen", "3", 60.8, 42.4, 29.0, 19.8, 19.1, 47.8,
              f"Vinyals 2015, arXiv:1411.4555; {_RERUN}/show_tell"),
    Reported("Show, Attend and Tell, soft", "VGG", "–", 67.0, 44.8, 29.9, 19.5, 18.9, None,
              "Xu 2015, arXiv:1502.03044, table 1"),
    Reported("Show, Attend and Tell, hard", "VGG", "–", 67.0, 45.7, 31.4, 21.3, 20.3, None,
              "Xu 2015, arXiv:1502.03044, table 1"),
    Reported("Bi-LSTM", "VGG16", "–", 65.5, 46.8, 32.0, 21.5, None, None,
              "Wang 2016, arXiv:1604.00790"),
    Reported("Adaptive attention", "VGG16, frozen", "3", 62.4, 44.0, 30.3, 20.5, 19.9, 52.4,
              f"Lu 2017, arXiv:1612.01887; {_RERUN}/Adaptive_Att"),
    Reported("Adaptive attention, encoder tuned", "ResNet-152", "5", 65.9, 48.0, 33.9, 23.5,
              20.7, 58.9, f"Lu 2017, arXiv:1612.01887; {_RERUN}/Adaptive_Att"),
)
RETRIEVAL = (
    ReportedRecall("DeViSE", "AlexNet", 5.9, 20.1, 29.6, 29,
              "Frome 2013; on Flickr8k: Kiros 2014, arXiv:1411.2539"),
    ReportedRecall("DVSA / BRNN", "RCNN", 11.8, 32.1, 44.7, 12.4,
              "Karpathy and Fei-Fei 2015, arXiv:1412.2306"),
    ReportedRecall("Visual-semantic embedding", "VGG-19", 14.9, 38.3, 51.6, 10,
              "Kiros 2014, arXiv:1411.2539; its released code"),
    ReportedRecall("CCA, mean word vector", "VGG", 19.1, 45.3, 60.4, 7, "Klein 2015, CVPR"),
    ReportedRecall("NIC", "GoogLeNet", 19, None, 64, 5, "Vinyals 2015, arXiv:1411.4555"),
    ReportedRecall("CLIP ViT-B/32, zero-shot", "ViT, 400 M pairs", 51.1, 77.9, 86.4, 1,
              "Radford 2021, arXiv:2103.00020 (the model)"),
)
# fmt: on
