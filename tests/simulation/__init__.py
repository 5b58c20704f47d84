"""The engine against a second book of the same money: random steps under one seed, compared after each of them."""
