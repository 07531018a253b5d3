"""Models of sensor series: tables in, a forecaster that has proved itself out."""
