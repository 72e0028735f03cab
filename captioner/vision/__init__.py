"""The caption model at run time: numpy and ONNX Runtime, nothing else.

``bundle.load`` verifies a bundle and gives a ``model.Model``; ``text.load`` gives
the text side alone and needs numpy only.
"""
