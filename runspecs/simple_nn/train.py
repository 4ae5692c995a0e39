"""A two-layer network on a synthetic classification problem.

Nothing here sets a seed: the split, the shuffling, the weights and the dropout come from the libraries' global
generators, which the orchestrator owns. `import orchestrator` works inside a run with nothing installed.
"""

import argparse
import os
import tempfile

import orchestrator
import torch
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def load_data():
    features, labels = make_classification(n_samples=1000, n_features=20)
    split = train_test_split(features, labels, test_size=0.2)
    train_x, test_x = (torch.tensor(part, dtype=torch.float32) for part in split[:2])
    train_y, test_y = (torch.tensor(part) for part in split[2:])
    return TensorDataset(train_x, train_y), test_x, test_y


def accuracy(model, features, labels):
    model.eval()
    with torch.no_grad():
        return (model(features).argmax(dim=1) == labels).float().mean().item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--batch", type=int, default=32)
    arguments = parser.parse_args()
    orchestrator.log_params(vars(arguments))

    train, test_x, test_y = load_data()
    batches = DataLoader(train, batch_size=arguments.batch, shuffle=True)
    model = nn.Sequential(nn.Linear(20, arguments.hidden), nn.ReLU(), nn.Dropout(0.1), nn.Linear(arguments.hidden, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=arguments.lr)
    loss_function = nn.CrossEntropyLoss()

    step = 0
    for epoch in range(arguments.epochs):
        model.train()
        for features, labels in batches:
            optimizer.zero_grad()
            loss = loss_function(model(features), labels)
            loss.backward()
            optimizer.step()
            orchestrator.log_metric("train_loss", loss.item(), step)
            step += 1
        test_accuracy = accuracy(model, test_x, test_y)
        orchestrator.log_metric("test_accuracy", test_accuracy, epoch)
        if (epoch + 1) % 10 == 0:
            print(f"epoch {epoch + 1}: train_loss {loss.item():.4f}, test_accuracy {test_accuracy:.3f}")

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.pt")
        torch.save(model.state_dict(), path)
        orchestrator.log_artifact(path)


if __name__ == "__main__":
    main()
