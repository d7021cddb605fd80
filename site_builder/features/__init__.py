"""What layers see: numbers, shapes and pictures of feature maps, for the pages that show them."""
