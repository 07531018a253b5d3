"""What hours, weather and cameras make of the rendered street: a layer over `edge.demo`, which draws it by day."""
