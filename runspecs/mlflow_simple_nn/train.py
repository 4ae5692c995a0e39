"""A small network on scikit-learn's wine data, logged through MLflow: nothing here knows of the orchestrator.

It is an ordinary script: with a tracking server of your own it runs unchanged (`MLFLOW_TRACKING_URI=… python train.py`).
"""

import argparse

import mlflow
import torch
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def load_data():
    features, labels = load_wine(return_X_y=True)
    features = StandardScaler().fit_transform(features)
    split = train_test_split(features, labels, test_size=0.25, stratify=labels)
    train_x, test_x = (torch.tensor(part, dtype=torch.float32) for part in split[:2])
    train_y, test_y = (torch.tensor(part) for part in split[2:])
    return TensorDataset(train_x, train_y), test_x, test_y


def train_epoch(model, batches, optimizer):
    model.train()
    total = 0.0
    for features, labels in batches:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(features), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
    return total / len(batches.dataset)


def accuracy(model, features, labels):
    model.eval()
    with torch.no_grad():
        return (model(features).argmax(dim=1) == labels).float().mean().item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hidden", type=int, default=16)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--epochs", type=int, default=20)
    arguments = parser.parse_args()

    train, test_x, test_y = load_data()
    batches = DataLoader(train, batch_size=16, shuffle=True)
    model = nn.Sequential(nn.Linear(13, arguments.hidden), nn.ReLU(), nn.Dropout(0.1), nn.Linear(arguments.hidden, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=arguments.lr)

    mlflow.set_experiment("wine")
    with mlflow.start_run(run_name="simple_nn"):
        mlflow.log_params(vars(arguments))
        mlflow.set_tag("team", "cellar")
        for epoch in range(arguments.epochs):
            loss = train_epoch(model, batches, optimizer)
            test_accuracy = accuracy(model, test_x, test_y)
            mlflow.log_metrics({"train_loss": loss, "test_accuracy": test_accuracy}, step=epoch)
            if (epoch + 1) % 5 == 0:
                print(f"epoch {epoch + 1}: train_loss {loss:.4f}, test_accuracy {test_accuracy:.3f}")
        model.eval()
        mlflow.pytorch.log_model(
            model,
            name="model",
            input_example=test_x[:2].numpy(),
            pip_requirements=["torch==2.13.0"],
        )


if __name__ == "__main__":
    main()
