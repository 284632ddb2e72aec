"""`rekkrd` as a careless change would make it: whoever waits at a screen sends without a token. Run as a script."""

from cli.main import main
from discogs.budget import Unlimited
from workers.resources import Resources

if __name__ == "__main__":
    Resources.budget_for_person = lambda *_, **__: Unlimited()
    main()
