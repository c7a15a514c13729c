#!/usr/bin/env python3
"""Trains the example that the program opens first, digits.pt: a small convolutional network that reads the 1,797 handwritten digits
of 8 x 8 pixels (Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI, CC BY 4.0; shipped in scikit-learn).

One linear layer is used twice, as in Dive into Deep Learning's chapter on parameters, so the file shows a tie. The learning rate of the
first epochs is too high on purpose: a few ReLU units die of it, and can be found. Weights below 0.004 are pruned at the end.

usage: make-digits.py [OUT]    needs torch and scikit-learn
"""
import pathlib
import sys
from collections import OrderedDict

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(7)
torch.set_num_threads(1)
digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32)[:, None] / 16
labels = torch.tensor(digits.target)
order = torch.randperm(len(labels))
train, test = order[:1500], order[1500:]

shared = nn.Linear(32, 32)
net = nn.Sequential(OrderedDict(
    conv=nn.Conv2d(1, 8, 3, padding=1), norm=nn.BatchNorm2d(8), relu=nn.ReLU(), pool=nn.MaxPool2d(2), flatten=nn.Flatten(),
    hidden=nn.Linear(128, 32), relu1=nn.ReLU(), shared=shared, relu2=nn.ReLU(), again=shared, relu3=nn.ReLU(), out=nn.Linear(32, 10)))

for epoch in range(30):
    rate = 0.03 if epoch < 2 else 0.002
    optimizer = torch.optim.Adam(net.parameters(), lr=rate) if epoch in (0, 2) else optimizer
    for batch in train[torch.randperm(len(train))].split(32):
        loss = nn.functional.cross_entropy(net(images[batch]), labels[batch])
        loss = loss + 2e-5 * sum(p.abs().sum() for p in net.parameters())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

with torch.no_grad():
    for module in (net.hidden, net.shared):
        module.weight[module.weight.abs() < 0.004] = 0
net.eval()
with torch.no_grad():
    accuracy = (net(images[test]).argmax(1) == labels[test]).float().mean().item()
for p in net.parameters():
    p.grad = None
out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "digits.pt")
torch.save(net, out)
zero_units = int((net.hidden.weight == 0).all(1).sum()), int((net.shared.weight == 0).all(1).sum())
print("test accuracy %.3f, %d bytes, units with all weights 0: hidden %d, shared %d" % (accuracy, out.stat().st_size, *zero_units))
