"""The funnel by month and lead source, in pandas: only the needed columns of the raw exports, read by pyarrow.

In: a generated company's folder, the file to write, the number of threads (for reading: pandas has one), and perhaps
`touches`. Out: a CSV with one line per period, segment and stage, sorted. With `touches`, the three exports of touches
are read too, each touch is given to its buying process and team, and OUTPUT.touches.csv has their sums.

A buying process is a deal with the people whose first deal it is, or a person without one. A person is an e-mail
address, case ignored; a converted lead is the contact that it became. In a generated company every person has an
address, and no deal finds its people by account or domain alone.

    python pandas_peer.py FOLDER OUTPUT THREADS [touches]
"""

import sys
from glob import glob

import numpy as np
import pandas as pd
import pyarrow as pa

STAGES = ["lead", "mql", "sal", "opportunity", "proposal", "won"]
AS_OF = pd.Timestamp("2026-06-30")
UNTIL = pd.Timestamp("2026-07-01", tz="America/New_York")
MIDDLE = pd.Timestamp("2025-04-01")
HUBSPOT_MQL = 'Date entered "Marketing Qualified Lead (Lifecycle Stage Pipeline)"'


def read(path, columns):
    return pd.read_csv(path, usecols=columns, engine="pyarrow")


def id15(ids):
    """Record ids by the 15 characters that are the same in every export."""
    return ids.str[:15]


def utc(times):
    """Instants; Data Loader's are written with a zone, the weekly export's are in UTC without saying so."""
    return times if times.dt.tz else times.dt.tz_localize("UTC")


def wall(times):
    """HubSpot's times, which are those of New York."""
    first = np.ones(len(times), dtype=bool)  # of an hour that comes twice
    return times.dt.tz_localize("America/New_York", ambiguous=first, nonexistent="shift_forward").dt.tz_convert("UTC")


def local_day(times):
    return times.dt.tz_convert("America/New_York").dt.tz_localize(None).dt.normalize()


def deals_of(folder):
    columns = ["Id", "IsDeleted", "ContactId", "CreatedDate", "CloseDate", "IsWon", "Amount", "LeadSource"]
    raw = read(f"{folder}/Opportunity.csv", columns)
    raw = raw[raw["IsDeleted"] == 0]
    closed = raw["CloseDate"].dt.normalize()
    deals = pd.DataFrame(
        {
            "deal": id15(raw["Id"]),
            "contact": id15(raw["ContactId"]),
            "created": utc(raw["CreatedDate"]),
            "won": closed.where((raw["IsWon"] == 1) & (closed <= AS_OF)),
            "cents": (raw["Amount"] * 100).round().astype("Int64"),
            "source": raw["LeadSource"],
        }
    )
    return deals[deals["created"] < UNTIL]


def contacts_of(folder):
    raw = read(f"{folder}/Contact.csv", ["Id", "IsDeleted", "Email", "LeadSource", "CreatedDate"])
    raw = raw[~raw["IsDeleted"]]
    contacts = pd.DataFrame(
        {
            "id": id15(raw["Id"]),
            "human": raw["Email"].str.lower(),
            "created": utc(raw["CreatedDate"]),
            "source": raw["LeadSource"],
        }
    )
    return contacts[contacts["created"] < UNTIL]


def leads_of(folder, human_of_contact):
    columns = ["Id", "IsDeleted", "Email", "LeadSource", "ConvertedContactId", "ConvertedOpportunityId", "CreatedDate"]
    raw = read(f"{folder}/Lead.csv", columns)
    raw = raw[~raw["IsDeleted"]]
    human = id15(raw["ConvertedContactId"]).map(human_of_contact)
    leads = pd.DataFrame(
        {
            "id": id15(raw["Id"]),
            "human": human.fillna(raw["Email"].str.lower()),
            "created": utc(raw["CreatedDate"]),
            "source": raw["LeadSource"],
            "deal": id15(raw["ConvertedOpportunityId"]),
        }
    )
    leads = leads[leads["created"] < UNTIL]

    history = read(f"{folder}/LeadHistory.csv", ["LeadId", "CreatedDate", "Field", "NewValue"])
    history = history[(history["Field"] == "Status") & (history["CreatedDate"] < UNTIL)]
    for stage, values in [("mql", ["MQL", "Marketing Qualified Lead"]), ("sal", ["Accepted", "Working"])]:
        reached = history[history["NewValue"].isin(values)]
        first = reached.groupby(id15(reached["LeadId"]), sort=False)["CreatedDate"].min()
        leads[stage] = leads["id"].map(first)
    return leads


def hubspot_of(path):
    raw = read(path, ["Record ID", "Email", "Create Date", "Original Traffic Source", HUBSPOT_MQL])
    mql = wall(raw[HUBSPOT_MQL])
    people = pd.DataFrame(
        {
            "id": raw["Record ID"].astype("str"),
            "human": raw["Email"].str.lower(),
            "created": wall(raw["Create Date"]),
            "source": raw["Original Traffic Source"],
            "mql": mql.where(mql < UNTIL),
        }
    )
    return people[people["created"] < UNTIL]


def first_deals(folder, deals, leads, human_of_contact):
    """The first deal that each person had part in: by conversion, by contact role, or as the deal's contact."""
    roles = read(f"{folder}/OpportunityContactRole.csv", ["OpportunityId", "ContactId", "IsDeleted"])
    roles = roles[~roles["IsDeleted"]]
    links = pd.concat(
        [
            leads[["human", "deal"]],
            pd.DataFrame(
                {"human": id15(roles["ContactId"]).map(human_of_contact), "deal": id15(roles["OpportunityId"])}
            ),
            pd.DataFrame({"human": deals["contact"].map(human_of_contact), "deal": deals["deal"]}),
        ]
    ).dropna()
    links = links.merge(deals[["deal", "created"]], on="deal").sort_values(["created", "deal"])
    return links.drop_duplicates("human").set_index("human")["deal"]


def processes(folder, deals, people):
    """One row per buying process: lead source, amount, and the day of each stage that is recorded."""
    history = read(f"{folder}/OpportunityHistory.csv", ["OpportunityId", "CreatedDate", "StageName"])
    history = history[(history["StageName"] == "Proposal/Price Quote") & (history["CreatedDate"] < UNTIL)]
    proposal = history.groupby(id15(history["OpportunityId"]), sort=False)["CreatedDate"].min()

    grouped = people.sort_values(["created", "id"]).groupby("process", sort=False)
    times = grouped.agg(source=("source", "first"), lead=("created", "min"), mql=("mql", "min"), sal=("sal", "min"))
    of_deals = deals.set_index("deal").rename(columns={"created": "opportunity", "source": "deal_source"})
    times = times.join(of_deals[["deal_source", "opportunity", "won", "cents"]], how="outer")
    times["proposal"] = times.index.map(proposal)
    times["source"] = times["source"].fillna(times["deal_source"]).fillna("(blank)")
    for stage in STAGES[:-1]:
        times[stage] = local_day(times[stage])
    return times


def funnel(times):
    """Counts per period, segment and stage. A skipped stage between two that are known was passed, not recorded."""
    known = times[STAGES].notna().to_numpy()
    first = known.argmax(axis=1)
    last = len(STAGES) - 1 - known[:, ::-1].argmax(axis=1)
    period = times[STAGES].bfill(axis=1).iloc[:, 0].dt.strftime("%Y-%m")
    segment = "lead_source=" + times["source"]
    parts = []
    for i, stage in enumerate(STAGES):
        reached = (first <= i) & (i <= last)
        part = pd.DataFrame(
            {
                "period": period[reached],
                "segment": segment[reached],
                "stage": i,
                "cents": times["cents"][reached],
                "recorded": known[reached, i],
                "next": last[reached] > i,
                "from_first": first[reached] == 0,
            }
        )
        if i + 1 < len(STAGES):
            part["days"] = (times[STAGES[i + 1]] - times[stage])[reached].dt.days
        parts.append(part)
    reached = pd.concat(parts)
    reached["period"] = reached["period"].astype("category")
    reached["segment"] = reached["segment"].astype("category")
    counts = []
    for keys in ([], ["period"], ["segment"], ["period", "segment"]):
        grouped = reached.groupby(["stage", *keys], observed=True)
        counted = grouped.agg(
            volume=("stage", "size"),
            recorded=("recorded", "sum"),
            next_reached=("next", "sum"),
            from_first=("from_first", "sum"),
            median_days_to_next=("days", "median"),
            days_n=("days", "count"),
        )
        counted["cents"] = grouped["cents"].sum(min_count=1)
        counts.append(counted.reset_index().astype({key: "str" for key in keys}))
    counts = pd.concat(counts).fillna({"period": "total", "segment": ""}).sort_values(["period", "segment", "stage"])
    counts["stage_id"] = [STAGES[i] for i in counts["stage"]]
    counts["value"] = [None if pd.isna(c) else f"{c // 100}.{c % 100:02}" for c in counts["cents"]]
    return counts[
        [
            "period",
            "segment",
            "stage_id",
            "volume",
            "recorded",
            "next_reached",
            "from_first",
            "median_days_to_next",
            "days_n",
            "value",
        ]
    ]


def touches(folder, people, deals, times):
    """Touches, processes, and those with an early first or a late last touch, per segment and team."""
    process_of = people.set_index("id")["process"]
    of_deal = pd.Series(deals["deal"].to_numpy(), index=deals["deal"])
    users = read(f"{folder}/User.csv", ["Id", "Department"])
    users = users[users["Department"].isin(["Marketing", "Sales"])]
    team_of = users.set_index("Id")["Department"].str.lower()

    columns = ["LeadId", "ContactId", "HasResponded", "CreatedDate", "FirstRespondedDate"]
    raw = read(f"{folder}/CampaignMember.csv", columns)
    raw = raw[raw["HasResponded"]]
    day = pd.to_datetime(raw["FirstRespondedDate"]).fillna(local_day(utc(raw["CreatedDate"])))
    process = id15(raw["LeadId"]).map(process_of).fillna(id15(raw["ContactId"]).map(process_of))
    parts = [pd.DataFrame({"process": process, "team": "marketing", "day": day})]

    columns = ["WhoId", "WhatId", "OwnerId", "IsDeleted"]
    times_of = {"Task": ["IsClosed", "CompletedDateTime", "CreatedDate"], "Event": ["ActivityDateTime", "ActivityDate"]}
    for name, more in times_of.items():
        raw = read(f"{folder}/{name}.csv", columns + more)
        raw = raw[~raw["IsDeleted"]]
        if name == "Task":
            raw = raw[raw["IsClosed"]]
            day = local_day(utc(raw["CompletedDateTime"].fillna(raw["CreatedDate"])))
        else:
            day = local_day(utc(raw["ActivityDateTime"])).fillna(pd.to_datetime(raw["ActivityDate"]))
        process = id15(raw["WhatId"]).map(of_deal).fillna(id15(raw["WhoId"]).map(process_of))
        team = raw["OwnerId"].map(team_of).fillna("sales")
        parts.append(pd.DataFrame({"process": process, "team": team, "day": day}))

    all_touches = pd.concat(parts)
    all_touches = all_touches[all_touches["day"] <= AS_OF]
    grouped = all_touches.groupby(["process", "team"], sort=False)["day"]
    found = grouped.agg(["size", "min", "max"]).reset_index()
    found["segment"] = "lead_source=" + found["process"].map(times["source"])
    found["early"] = found["min"] < MIDDLE
    found["late"] = found["max"] >= MIDDLE
    sums = found.groupby(["segment", "team"])
    return sums.agg(touches=("size", "sum"), processes=("size", "count"), early=("early", "sum"), late=("late", "sum"))


def main():
    company, output, threads, *more = sys.argv[1:]
    pa.set_cpu_count(int(threads))
    folder = f"{company}/exports/salesforce"
    (hubspot,) = glob(f"{company}/exports/hubspot/hubspot-crm-exports-all-contacts-*.csv")
    deals = deals_of(folder)
    contacts = contacts_of(folder)
    human_of_contact = contacts.set_index("id")["human"]
    leads = leads_of(folder, human_of_contact)
    people = pd.concat([leads, contacts, hubspot_of(hubspot)])
    people["process"] = people["human"].map(first_deals(folder, deals, leads, human_of_contact)).fillna(people["human"])
    times = processes(folder, deals, people)
    funnel(times).to_csv(output, index=False)
    if "touches" in more:
        touches(folder, people, deals, times).reset_index().to_csv(f"{output}.touches.csv", index=False)


if __name__ == "__main__":
    main()
