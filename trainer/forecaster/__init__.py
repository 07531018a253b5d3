"""A recurrent network that says where tracked objects will be: its settings, samples, network, loss and training."""
