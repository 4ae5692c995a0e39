"""A job for the tests: MLflow's autologging of Lightning and XGBoost, each in a run of its own; system metrics too."""

import time

import mlflow
import numpy as np
import pytorch_lightning as lightning
import torch
import xgboost

features = np.arange(80.0, dtype=np.float32).reshape(40, 2)
labels = (features[:, 0] > 40).astype(np.float32)


class Net(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def training_step(self, batch, index):
        loss = torch.nn.functional.mse_loss(self.layer(batch[0])[:, 0], batch[1])
        self.log("train_loss", loss, on_epoch=True, on_step=False)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1e-5)


def with_lightning():
    mlflow.pytorch.autolog(log_models=False)
    data = torch.utils.data.TensorDataset(torch.tensor(features), torch.tensor(labels))
    trainer = lightning.Trainer(
        max_epochs=3, accelerator="cpu", logger=False, enable_progress_bar=False, enable_checkpointing=False
    )
    with mlflow.start_run(run_name="lightning", log_system_metrics=True):
        trainer.fit(Net(), torch.utils.data.DataLoader(data, batch_size=8))
        time.sleep(2.5)  # MLflow's own system metrics come once a second


def with_xgboost():
    mlflow.xgboost.autolog()
    with mlflow.start_run(run_name="xgboost"):
        matrix = xgboost.DMatrix(features, labels)
        xgboost.train({"objective": "binary:logistic", "max_depth": 2}, matrix, 4, evals=[(matrix, "train")])


mlflow.set_system_metrics_sampling_interval(1)
mlflow.set_system_metrics_samples_before_logging(1)
with_lightning()
with_xgboost()
