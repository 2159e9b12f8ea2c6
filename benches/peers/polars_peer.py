"""The funnel by month and lead source, in polars: lazy scans of the raw exports, on the streaming engine.

In: a generated company's folder, the file to write, the number of threads, and perhaps `touches`. Out: a CSV with one
line per period, segment and stage, sorted. With `touches`, the three exports of touches are read too, each touch is
given to its buying process and team, and OUTPUT.touches.csv has their sums.

A buying process is a deal with the people whose first deal it is, or a person without one. A person is an e-mail
address, case ignored; a converted lead is the contact that it became. In a generated company every person has an
address, and no deal finds its people by account or domain alone.

    python polars_peer.py FOLDER OUTPUT THREADS [touches]
"""

import os
import sys
from datetime import date, datetime
from glob import glob

os.environ["POLARS_MAX_THREADS"] = sys.argv[3]  # polars reads it when it is imported

import polars as pl  # noqa: E402

STAGES = ["lead", "mql", "sal", "opportunity", "proposal", "won"]
AS_OF = date(2026, 6, 30)
UNTIL = datetime(2026, 7, 1, 4)  # the end of that day in New York, in UTC
MIDDLE = date(2025, 4, 1)
HUBSPOT_MQL = 'Date entered "Marketing Qualified Lead (Lifecycle Stage Pipeline)"'


def id15(column):
    """Record ids by the 15 characters that are the same in every export."""
    return pl.col(column).str.head(15)


def utc(column):
    """Data Loader's times."""
    return pl.col(column).str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="ms")


def weekly(column):
    """The weekly export's times."""
    return pl.col(column).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="ms")


def wall(column):
    """HubSpot's times, which are those of New York."""
    at = pl.col(column).str.to_datetime("%Y-%m-%d %H:%M", time_unit="ms")
    at = at.dt.replace_time_zone("America/New_York", ambiguous="earliest")
    return at.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def local_day(column):
    at = pl.col(column).dt.replace_time_zone("UTC")
    return at.dt.convert_time_zone("America/New_York").dt.date()


def unescaped(header):
    """polars leaves quotes inside a header's cells doubled."""
    return [name.replace('""', '"') for name in header]


def is_true(column):
    return pl.col(column).is_in(["true", "1"])


def read(folder):
    """Deals, contacts, and all rows about people with the person's address; every frame is used more than once."""

    def scan(name):
        return pl.scan_csv(f"{folder}/exports/salesforce/{name}.csv", infer_schema=False, null_values="")

    deals = (
        scan("Opportunity")
        .filter(~is_true("IsDeleted"))
        .select(
            deal=id15("Id"),
            contact=id15("ContactId"),
            created=weekly("CreatedDate"),
            won=pl.when(is_true("IsWon")).then(weekly("CloseDate").dt.date()),
            amount=pl.col("Amount").cast(pl.Decimal(18, 2)),
            source=pl.col("LeadSource"),
        )
        .filter(pl.col("created") < UNTIL)
    )
    contacts = (
        scan("Contact")
        .filter(~is_true("IsDeleted"))
        .select(
            id=id15("Id"),
            human=pl.col("Email").str.to_lowercase(),
            created=utc("CreatedDate"),
            source=pl.col("LeadSource"),
        )
        .filter(pl.col("created") < UNTIL)
    )
    changed, value = pl.col("created"), pl.col("NewValue")
    statuses = (
        scan("LeadHistory")
        .filter(pl.col("Field") == "Status")
        .select("NewValue", id=id15("LeadId"), created=utc("CreatedDate"))
        .filter(changed < UNTIL)
        .group_by("id")
        .agg(
            mql=changed.filter(value.is_in(["MQL", "Marketing Qualified Lead"])).min(),
            sal=changed.filter(value.is_in(["Accepted", "Working"])).min(),
        )
    )
    leads = (
        scan("Lead")
        .filter(~is_true("IsDeleted"))
        .select(
            id=id15("Id"),
            email=pl.col("Email").str.to_lowercase(),
            created=utc("CreatedDate"),
            source=pl.col("LeadSource"),
            contact=id15("ConvertedContactId"),
            deal=id15("ConvertedOpportunityId"),
        )
        .filter(pl.col("created") < UNTIL)
        .join(contacts.select("human", contact="id"), on="contact", how="left")
        .join(statuses, on="id", how="left")
        .select("id", pl.coalesce("human", "email").alias("human"), "created", "source", "mql", "sal", "deal")
    )
    (path,) = glob(f"{folder}/exports/hubspot/hubspot-crm-exports-all-contacts-*.csv")
    hubspot = (
        pl.scan_csv(path, infer_schema=False, null_values="", with_column_names=unescaped)
        .select(
            id=pl.col("Record ID"),
            human=pl.col("Email").str.to_lowercase(),
            created=wall("Create Date"),
            source=pl.col("Original Traffic Source"),
            mql=wall(HUBSPOT_MQL),
        )
        .filter(pl.col("created") < UNTIL)
        .with_columns(mql=pl.when(pl.col("mql") < UNTIL).then("mql"))
    )
    people = pl.concat([leads, contacts, hubspot], how="diagonal")
    roles = (
        scan("OpportunityContactRole")
        .filter(~is_true("IsDeleted"))
        .select(id=id15("ContactId"), deal=id15("OpportunityId"))
    )
    proposals = (
        scan("OpportunityHistory")
        .filter(pl.col("StageName") == "Proposal/Price Quote")
        .select(process=id15("OpportunityId"), proposal=utc("CreatedDate"))
        .filter(pl.col("proposal") < UNTIL)
        .group_by("process")
        .agg(pl.col("proposal").min())
    )
    frames = pl.collect_all([deals, contacts, people, roles, proposals], engine="streaming")
    return [frame.lazy() for frame in frames]


def with_process(deals, contacts, people, roles):
    """People with their buying process: the first deal that the person had part in, else the person."""
    humans = contacts.select("id", "human")
    links = pl.concat(
        [
            people.filter(pl.col("deal").is_not_null()).select("human", "deal"),
            roles.join(humans, on="id").select("human", "deal"),
            deals.join(humans, left_on="contact", right_on="id").select("human", "deal"),
        ]
    )
    first = (
        links.join(deals.select("deal", "created"), on="deal")
        .sort("created", "deal")
        .group_by("human")
        .agg(process=pl.col("deal").first())
    )
    return people.join(first, on="human", how="left").with_columns(pl.coalesce("process", "human").alias("process"))


def processes(deals, people, proposals):
    """One row per buying process: lead source, amount, and the day of each stage that is recorded."""
    of_people = (
        people.sort("created", "id")
        .group_by("process")
        .agg(
            pl.col("source").drop_nulls().first(),
            pl.col("created").min().alias("lead"),
            pl.col("mql", "sal").min(),
        )
    )
    of_deals = deals.select("amount", "won", process="deal", deal_source="source", opportunity="created")
    return (
        of_people.join(of_deals, on="process", how="full", coalesce=True)
        .join(proposals, on="process", how="left")
        .select(
            "process",
            "amount",
            pl.coalesce("source", "deal_source").fill_null("(blank)").alias("source"),
            *[local_day(stage).alias(stage) for stage in STAGES[:-1]],
            pl.when(pl.col("won") <= AS_OF).then("won").alias("won"),
        )
    )


def funnel(times):
    """Counts per period, segment and stage. A skipped stage between two that are known was passed, not recorded."""
    known = [pl.col(stage).is_not_null() for stage in STAGES]
    numbers = list(range(len(STAGES)))
    first = pl.coalesce([pl.when(known[i]).then(i) for i in numbers])
    last = pl.coalesce([pl.when(known[i]).then(i) for i in reversed(numbers)])
    times = times.with_columns(
        period=pl.coalesce(STAGES).dt.strftime("%Y-%m"),
        segment=pl.lit("lead_source=") + pl.col("source"),
        first=first,
        last=last,
    )
    days = [(pl.col(b) - pl.col(a)).dt.total_days() for a, b in zip(STAGES, STAGES[1:])] + [pl.lit(None, pl.Int64)]
    reached = pl.concat(
        [
            times.filter(pl.col("first") <= i, pl.col("last") >= i).select(
                "period",
                "segment",
                "amount",
                stage=pl.lit(i),
                recorded=known[i],
                next=pl.col("last") > i,
                from_first=pl.col("first") == 0,
                days=days[i],
            )
            for i in numbers
        ]
    )
    counts = []
    for keys in ([], ["period"], ["segment"], ["period", "segment"]):
        counted = reached.group_by("stage", *keys).agg(
            volume=pl.len(),
            recorded=pl.col("recorded").sum(),
            next_reached=pl.col("next").sum(),
            from_first=pl.col("from_first").sum(),
            median_days_to_next=pl.col("days").median(),
            days_n=pl.col("days").count(),
            value=pl.when(pl.col("amount").count() > 0).then(pl.col("amount").sum()),
        )
        names = {"period": pl.lit("total"), "segment": pl.lit("")}
        counts.append(counted.with_columns(**{k: v for k, v in names.items() if k not in keys}))
    return (
        pl.concat(counts, how="diagonal")
        .sort("period", "segment", "stage")
        .select(
            "period",
            "segment",
            pl.col("stage").replace_strict(dict(enumerate(STAGES)), return_dtype=pl.String).alias("stage_id"),
            "volume",
            "recorded",
            "next_reached",
            "from_first",
            "median_days_to_next",
            "days_n",
            "value",
        )
    )


def touches(folder, people, deals, times):
    """Touches, processes, and those with an early first or a late last touch, per segment and team."""

    def scan(name):
        return pl.scan_csv(f"{folder}/exports/salesforce/{name}.csv", infer_schema=False, null_values="")

    owners = (
        scan("User")
        .filter(pl.col("Department").is_in(["Marketing", "Sales"]))
        .select(owner="Id", owner_team=pl.col("Department").str.to_lowercase())
    )
    members = (
        scan("CampaignMember")
        .filter(is_true("HasResponded"))
        .select(
            person=id15("LeadId"),
            person_2=id15("ContactId"),
            team=pl.lit("marketing"),
            day=pl.coalesce(
                pl.col("FirstRespondedDate").str.to_date("%Y-%m-%d"),
                utc("CreatedDate").dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York").dt.date(),
            ),
        )
    )
    tasks = (
        scan("Task")
        .filter(is_true("IsClosed"), ~is_true("IsDeleted"))
        .select(
            person=id15("WhoId"),
            about=id15("WhatId"),
            owner="OwnerId",
            team=pl.lit("sales"),
            at=pl.coalesce(utc("CompletedDateTime"), utc("CreatedDate")),
        )
        .with_columns(day=local_day("at"))
        .drop("at")
    )
    events = (
        scan("Event")
        .filter(~is_true("IsDeleted"))
        .select(
            "ActivityDate",
            person=id15("WhoId"),
            about=id15("WhatId"),
            owner="OwnerId",
            team=pl.lit("sales"),
            at=utc("ActivityDateTime"),
        )
        .with_columns(day=pl.coalesce(local_day("at"), pl.col("ActivityDate").str.to_date("%Y-%m-%d")))
        .drop("at", "ActivityDate")
    )
    of = people.select("id", "process")
    return (
        pl.concat([members, tasks, events], how="diagonal")
        .filter(pl.col("day") <= AS_OF)
        .join(deals.select(about="deal", of_deal="deal"), on="about", how="left")
        .join(of.rename({"id": "person", "process": "of_person"}), on="person", how="left")
        .join(of.rename({"id": "person_2", "process": "of_person_2"}), on="person_2", how="left")
        .join(owners, on="owner", how="left")
        .select(
            "day",
            process=pl.coalesce("of_deal", "of_person", "of_person_2"),
            team=pl.coalesce("owner_team", "team"),
        )
        .group_by("process", "team")
        .agg(touches=pl.len(), first=pl.col("day").min(), last=pl.col("day").max())
        .join(times.select("process", "source"), on="process")
        .group_by("team", segment=pl.lit("lead_source=") + pl.col("source"))
        .agg(
            pl.col("touches").sum(),
            processes=pl.len(),
            early=(pl.col("first") < MIDDLE).sum(),
            late=(pl.col("last") >= MIDDLE).sum(),
        )
        .sort("segment", "team")
        .select("segment", "team", "touches", "processes", "early", "late")
    )


def main():
    folder, output, _, *more = sys.argv[1:]
    deals, contacts, people, roles, proposals = read(folder)
    people = with_process(deals, contacts, people, roles).collect(engine="streaming").lazy()
    times = processes(deals, people, proposals).collect(engine="streaming").lazy()
    funnel(times).collect(engine="streaming").write_csv(output)
    if "touches" in more:
        touches(folder, people, deals, times).collect(engine="streaming").write_csv(f"{output}.touches.csv")


if __name__ == "__main__":
    main()
