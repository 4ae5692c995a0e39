"""HDF5 with the times of its objects."""

import h5py

with h5py.File("/outputs/tracked.h5", "w") as file:
    file.create_dataset("weights", data=range(10), track_times=True)
