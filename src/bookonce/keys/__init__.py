"""Keys of the API: how a program proves that it acts for a business."""
