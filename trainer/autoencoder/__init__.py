"""Auto-encoders of series: trained on unlabelled windows, they tell what is unlike what they have seen."""
