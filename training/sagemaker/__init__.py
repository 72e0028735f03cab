"""The pipeline as a SageMaker training job: what starts one, and what runs inside it."""
