"""``python -m summarize.models.khulasa.train``: the recipe's command."""

from .recipe.command import main

if __name__ == "__main__":
    main()
