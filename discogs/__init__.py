"""How we speak to Discogs: a client library that has never heard of our queue or database.

>>> from discogs.auth import PersonalToken
>>> from discogs.budget import Unlimited
>>> from discogs.client import Discogs, http_client
>>> from discogs.settings import DiscogsSettings
>>> settings = DiscogsSettings()
>>> with http_client(settings) as http:  # doctest: +SKIP
...     discogs = Discogs(http, settings, Unlimited(), PersonalToken("from discogs.com/settings/developers"))
...     me = discogs.identity()
...     for item in discogs.collection_page(me.username, page=1).items:
...         print(item.instance_id, item.basic.title, item.date_added)
"""
