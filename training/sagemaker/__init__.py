"""The pipeline as a SageMaker training job: what starts one, and what runs inside it.

`launch` starts a job through the SageMaker Python SDK and runs on a person's machine;
``python -m training.sagemaker`` is what the job's container runs (docs/sagemaker.md).
"""
