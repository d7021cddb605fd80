"""One module per page: from the loaded experiment to a frozen context of texts."""
