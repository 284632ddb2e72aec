"""Everything that our client reads is what the simulated Discogs knows."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from discogs.errors import Gone, Invalid, PastEnd, SellerSettings
from discogs.grades import MEDIA
from discogs.money import Money
from discogs.records.search import Query
from simulator.money import RATES

PRESSING = 5_000_001


def walk(page_of):
    """All items of a list, page by page to its end."""
    first = page_of(1)
    return [item for page in (first, *(page_of(number) for number in range(2, first.pages + 1))) for item in page.items]


def when(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def cents(amount):
    return amount.quantize(Decimal("0.01"))


@pytest.fixture
def pressing(simulated):
    """A release with pressings beside it and offers on the market."""
    catalogue = simulated.world.catalogue
    return next(
        release
        for release in map(catalogue.release, range(PRESSING, PRESSING + 500))
        if release.master_id and release.for_sale and release.year and release.id % 997 and release.id % 89
    )


def test_identity_and_profile_are_those_of_the_account(as_ada, ada, zoe):
    me = as_ada.identity()
    assert (me.id, me.username) == (ada.profile.id, "ada")
    mine, hers = as_ada.profile("ada"), as_ada.profile("zoe")
    assert (mine.id, mine.currency, mine.num_collection, mine.num_wantlist) == (ada.profile.id, "EUR", 230, 130)
    assert (mine.registered, mine.email) == (when(ada.profile.registered), "ada@example.org")
    assert (hers.id, hers.num_collection, hers.email) == (zoe.profile.id, 3, "")


def test_folders_and_fields_are_the_accounts_own(as_ada, ada):
    folders = as_ada.folders("ada").items
    assert {each.id: each.name for each in folders} == ada.folders
    assert {each.id: each.count for each in folders} == {each: ada.count(each) for each in ada.folders}
    assert [
        (each.id, each.name, each.type, each.options or (), each.public) for each in as_ada.fields("ada").items
    ] == [(each.id, each.name, each.type, each.options, each.is_public) for each in ada.fields.values()]


def test_a_collection_walked_to_its_end_is_every_copy_with_all_that_it_has(as_ada, ada, simulated):
    items = walk(lambda page: as_ada.collection_page("ada", page))
    assert {each.instance_id: each for each in items}.keys() == ada.instances.keys()
    for item in items:
        truth = ada.instances[item.instance_id]
        assert (item.release_id, item.folder_id, item.rating) == (truth.release_id, truth.folder_id, truth.rating)
        assert item.date_added == when(truth.added)
        assert {each.field_id: each.value for each in item.notes} == truth.notes
        assert item.basic.title == simulated.world.catalogue.release(truth.release_id).title
    dates = [each.date_added for each in items]
    assert dates == sorted(dates, reverse=True)
    assert len(simulated.log.arrivals) == 3
    with pytest.raises(PastEnd):
        as_ada.collection_page("ada", 4)


def test_one_folder_and_another_order_can_be_asked_for(as_ada, ada):
    folder_id = next(each.folder_id for each in ada.instances.values() if each.folder_id > 1)
    items = walk(lambda page: as_ada.collection_page("ada", page, per_page=10, folder_id=folder_id, sort="rating"))
    assert {each.instance_id for each in items} == {
        each.id for each in ada.instances.values() if each.folder_id == folder_id
    }
    assert [each.rating for each in items] == sorted((each.rating for each in items), reverse=True)
    with pytest.raises(Invalid, match="Invalid sort") as caught:
        as_ada.collection_page("ada", sort="colour")
    assert caught.value.status == 422


def test_a_page_asked_for_too_large_is_the_page_of_100_that_discogs_makes_of_it(as_ada):
    page = as_ada.collection_page("ada", per_page=250)
    assert (page.per_page, len(page.items), page.pages, page.total_items) == (100, 100, 3, 230)


def test_an_empty_collection_is_one_empty_page(simulated, speak, oauth):
    bea = speak(oauth(simulated.world.create_account("bea")))
    page = bea.collection_page("bea")
    assert (page.items, page.pages, page.total_items) == ((), 1, 0)


def test_copies_of_one_release_are_all_of_them_in_whatever_folder(as_ada, ada, simulated):
    copies = [simulated.world.add_copy(ada, PRESSING, folder_id=folder_id) for folder_id in (1, 2, 2)]
    found = walk(lambda page: as_ada.copies_of("ada", PRESSING, page, per_page=2))
    assert [(each.instance_id, each.folder_id) for each in found] == [(each.id, each.folder_id) for each in copies]
    assert as_ada.copies_of("ada", PRESSING + 1).items == ()


def test_a_wantlist_walked_to_its_end_is_every_want(as_ada, ada):
    items = walk(lambda page: as_ada.wants_page("ada", page))
    assert {each.release_id: (each.rating, each.notes or "", each.date_added) for each in items} == {
        each.release_id: (each.rating, each.notes, when(each.added)) for each in ada.wants.values()
    }
    assert len(items) == 130
    with pytest.raises(PastEnd):
        as_ada.wants_page("ada", 3)


@pytest.mark.parametrize("currency", RATES)
def test_a_collections_value_is_read_in_every_currency(simulated, speak, personal, currency):
    bea = simulated.world.create_account("bea", records=120, seed=3, currency=currency)
    value = speak(personal(bea)).collection_value("bea")
    floor = sum(simulated.world.catalogue.release(each.release_id).price for each in bea.instances.values())
    digits = Decimal(1) if currency == "JPY" else Decimal("0.01")
    assert value.minimum == Money((floor * RATES[currency]).quantize(digits), currency)
    assert (value.median.currency, value.maximum.currency) == (currency, currency)
    assert value.minimum.amount < value.median.amount < value.maximum.amount


def test_a_search_finds_what_fits_and_its_short_pages_do_not_end_it(as_ada, simulated):
    def page_of(number):
        return as_ada.search(Query(q="velvet", type="release"), number, per_page=20)

    first, hits = page_of(1), walk(page_of)
    missing = first.total_items - len(hits)
    assert first.pages > 3
    assert len(page_of(2).items) < 20
    assert 0 < missing < first.pages
    catalogue = simulated.world.catalogue
    assert all(
        each.title == f"{catalogue.release(each.id).artist} - {catalogue.release(each.id).title}" for each in hits
    )
    assert all(each.year == (catalogue.release(each.id).year or None) for each in hits)
    with pytest.raises(PastEnd):
        page_of(first.pages + 1)
    assert as_ada.search(Query(country="Nowhere at all")).items == ()
    with pytest.raises(PastEnd):
        as_ada.search(Query(), 101)


def test_a_release_its_master_and_the_versions_belong_together(as_ada, ada, simulated, pressing):
    simulated.world.add_copy(ada, pressing.id)
    simulated.world.put_want(ada, pressing.id)
    release = as_ada.release(pressing.id)
    assert (release.title, release.country, release.year) == (pressing.title, pressing.country, pressing.year)
    assert (release.master_id, release.num_for_sale) == (pressing.master_id, pressing.for_sale)
    assert release.lowest_price_usd == pressing.price
    assert pressing.barcode in {each.value for each in release.identifiers}
    siblings = simulated.world.catalogue.pressings(pressing.master_id)
    assert as_ada.master(release.master_id).main_release == siblings[0].id
    versions = walk(lambda page: as_ada.master_versions(release.master_id, page, per_page=3))
    assert {each.id for each in versions} == {each.id for each in siblings}
    assert [(each.in_own_collection, each.in_own_wantlist) for each in versions if each.id == pressing.id] == [(1, 1)]


def test_what_discogs_does_not_know_is_gone(as_ada):
    for ask in (
        lambda: as_ada.release(9_973),
        lambda: as_ada.master(17),
        lambda: as_ada.master_versions(17),
        lambda: as_ada.marketplace_stats(9_973),
        lambda: as_ada.profile("nobody_here"),
        lambda: as_ada.collection_page("nobody_here"),
        lambda: as_ada.collection_page("ada", folder_id=99),
    ):
        with pytest.raises(Gone) as caught:
            ask()
        assert caught.value.status == 404


def test_stats_are_in_the_currency_asked_for_or_else_in_the_accounts(as_ada, speak, pressing):
    for client, currency, expected in ((as_ada, "JPY", "JPY"), (as_ada, None, "EUR"), (speak(), None, "USD")):
        stats = client.marketplace_stats(pressing.id, currency=currency)
        assert (stats.num_for_sale, stats.blocked) == (pressing.for_sale, False)
        assert stats.lowest.currency == expected
        assert cents(stats.lowest.amount) == cents(pressing.price * RATES[expected])
    with pytest.raises(Invalid, match="curr_abbr"):
        as_ada.marketplace_stats(pressing.id, currency="ZZZ")


def test_stats_of_a_release_that_may_not_be_sold_are_unknown_and_not_nought(as_ada):
    stats = as_ada.marketplace_stats(997 * 5_003)
    assert (stats.num_for_sale, stats.lowest, stats.blocked) == (None, None, True)


def test_suggestions_come_by_grade_once_the_account_has_its_seller_settings(as_ada, ada, pressing):
    with pytest.raises(SellerSettings):
        as_ada.price_suggestions(pressing.id)
    ada.profile.has_seller_settings = True
    by_grade = as_ada.price_suggestions(pressing.id).by_grade
    assert set(by_grade) == set(MEDIA)
    amounts = [by_grade[grade].amount for grade in MEDIA]
    assert amounts == sorted(amounts, reverse=True)
    assert {each.currency for each in by_grade.values()} == {"EUR"}
    assert as_ada.price_suggestions(89 * 50_001).by_grade == {}
    with pytest.raises(Gone):
        as_ada.price_suggestions(9_973)


def test_an_inventory_ends_at_page_100_in_another_ones_shop_and_at_its_end_in_ones_own(simulated, speak, oauth, as_ada):
    shop = simulated.world.create_account("shop", records=1_020, seed=5, currency="GBP")
    own = speak(oauth(shop))
    offered = {each.id for each in shop.instances.values() if each.id % 10 == 0}
    listings = walk(lambda page: as_ada.inventory("shop", page))
    assert len(listings) == len(offered) == 102
    catalogue = simulated.world.catalogue
    assert sorted((each.release_id, each.release_title, each.release_year, each.posted) for each in listings) == sorted(
        (truth.release_id, truth_of.title, truth_of.year or None, when(truth.added))
        for truth in map(shop.instances.get, offered)
        for truth_of in [catalogue.release(truth.release_id)]
    )
    assert {(each.seller, each.price.currency) for each in listings} == {("shop", "GBP")}
    assert as_ada.inventory("shop", 100, per_page=1).pages == 102
    for client, page, status in ((as_ada, 101, 403), (own, 103, 404)):
        with pytest.raises(PastEnd) as caught:
            client.inventory("shop", page, per_page=1)
        assert caught.value.status == status
    assert len(own.inventory("shop", 101, per_page=1).items) == 1
    with pytest.raises(Invalid, match="Invalid sort"):
        as_ada.inventory("shop", sort="location")
