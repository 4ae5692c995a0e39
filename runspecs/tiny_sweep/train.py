"""A polynomial fitted to noisy points by gradient descent: seconds, and nothing but the standard library."""

import argparse
import math
import random
import time

import orchestrator

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, required=True)
parser.add_argument("--momentum", type=float, required=True)
parser.add_argument("--degree", type=int, required=True)
asked = parser.parse_args()

points = [(x, math.sin(3 * x) + random.gauss(0, 0.1)) for x in (random.uniform(-1, 1) for _ in range(120))]
train, validation = points[:80], points[80:]


def predict(weights, x):
    return sum(weight * x**power for power, weight in enumerate(weights))


def loss(weights, data):
    return sum((predict(weights, x) - y) ** 2 for x, y in data) / len(data)


weights = [0.0] * (asked.degree + 1)
speed = [0.0] * len(weights)
for epoch in range(30):
    for _ in range(10):
        errors = [(x, predict(weights, x) - y) for x, y in train]
        for power in range(len(weights)):
            slope = 2 * sum(error * x**power for x, error in errors) / len(errors)
            speed[power] = asked.momentum * speed[power] - asked.lr * slope
        weights = [weight + step for weight, step in zip(weights, speed)]
    orchestrator.log_metric("validation_loss", loss(weights, validation), step=epoch)
    time.sleep(0.05)  # as if it took long

with open("/outputs/weights.txt", "w") as file:
    file.write("\n".join(map(repr, weights)) + "\n")
