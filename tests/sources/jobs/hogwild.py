"""Two processes train one model in shared memory, without locks: Hogwild."""

import torch
import torch.multiprocessing as processes


def train(model, seed):
    torch.manual_seed(seed)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(300):
        optimiser.zero_grad()
        (model(torch.randn(16, 8)) ** 2).mean().backward()
        optimiser.step()


if __name__ == "__main__":
    torch.set_num_threads(1)
    model = torch.nn.Linear(8, 1)
    model.share_memory()
    workers = [processes.Process(target=train, args=(model, seed)) for seed in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    torch.save(model.state_dict(), "/outputs/model.pt")
