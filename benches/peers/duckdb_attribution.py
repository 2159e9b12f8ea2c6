"""Credit for won deals by channel under five models, in DuckDB: one SQL script over the raw exports.

In: a generated company's folder, the file to write, the number of threads, and perhaps `flat`: then the folder has one plain
file each of people, deals and touches. Out: a CSV with one line per model and
channel: deals and whole cents, which add up for every deal by largest remainder.

A touch is of the deal it is about, or else of every deal in which the person it reached has part. What is at one instant
stays in the order of the files.

    python duckdb_attribution.py FOLDER OUTPUT THREADS [flat]
"""

import sys

import duckdb

SCRIPT = '''
SET threads = {threads};
CREATE MACRO to_utc(wall) AS (timezone('UTC', timezone('America/New_York', wall)));
SET VARIABLE until = timezone('UTC', timezone('America/New_York', TIMESTAMP '2026-07-01'));

CREATE TEMP TABLE deals AS
SELECT left(Id, 15) AS deal, left(ContactId, 15) AS contact, CreatedDate AS created, CloseDate::DATE AS closed,
       IsWon AS won, (coalesce(Amount, 0) * 100)::BIGINT AS cents
FROM read_csv('{sf}/Opportunity.csv', header = true, delim = ',', quote = '"', escape = '"', types = {{
    'Id': 'VARCHAR', 'IsDeleted': 'BOOLEAN', 'ContactId': 'VARCHAR', 'CreatedDate': 'TIMESTAMP',
    'CloseDate': 'TIMESTAMP', 'IsWon': 'BOOLEAN', 'Amount': 'DECIMAL(18, 2)'}})
WHERE NOT IsDeleted AND CreatedDate < getvariable('until');

CREATE TEMP TABLE contacts AS
SELECT left(Id, 15) AS id, lower(Email) AS human, CreatedDate AS created
FROM read_csv('{sf}/Contact.csv', header = true, delim = ',', quote = '"', escape = '"', types = {{
    'Id': 'VARCHAR', 'IsDeleted': 'BOOLEAN', 'Email': 'VARCHAR', 'CreatedDate': 'TIMESTAMP'}})
WHERE NOT IsDeleted AND CreatedDate < getvariable('until');

CREATE TEMP TABLE leads AS
WITH raw AS (
    SELECT left(Id, 15) AS id, lower(Email) AS email, CreatedDate AS created,
           left(ConvertedContactId, 15) AS contact, left(ConvertedOpportunityId, 15) AS deal
    FROM read_csv('{sf}/Lead.csv', header = true, delim = ',', quote = '"', escape = '"', types = {{
        'Id': 'VARCHAR', 'IsDeleted': 'BOOLEAN', 'Email': 'VARCHAR', 'ConvertedContactId': 'VARCHAR',
        'ConvertedOpportunityId': 'VARCHAR', 'CreatedDate': 'TIMESTAMP'}})
    WHERE NOT IsDeleted AND CreatedDate < getvariable('until'))
SELECT raw.id, coalesce(contacts.human, raw.email) AS human, raw.created, raw.deal
FROM raw LEFT JOIN contacts ON contacts.id = raw.contact;

-- Merged leads are those they were merged into.
CREATE TEMP TABLE human_of AS
SELECT id, human FROM leads UNION ALL SELECT id, human FROM contacts
UNION ALL
SELECT left(gone.Id, 15), leads.human
FROM read_csv('{sf}/Lead.csv', header = true, delim = ',', quote = '"', escape = '"', types = {{
    'Id': 'VARCHAR', 'MasterRecordId': 'VARCHAR'}}) AS gone
JOIN leads ON leads.id = left(gone.MasterRecordId, 15);

CREATE TEMP TABLE known AS
SELECT human, min(created) AS created FROM (
    SELECT human, created FROM leads UNION ALL SELECT human, created FROM contacts
    UNION ALL
    SELECT lower(Email), to_utc("Create Date")
    FROM read_csv('{hubspot}', header = true, delim = ',', quote = '"', escape = '"', types = {{
        'Email': 'VARCHAR', 'Create Date': 'TIMESTAMP'}})
    WHERE to_utc("Create Date") < getvariable('until'))
GROUP BY human;

CREATE TEMP TABLE parts AS
SELECT DISTINCT human, deal FROM (
    SELECT human, deal FROM leads WHERE deal IS NOT NULL
    UNION ALL
    SELECT human, left(OpportunityId, 15)
    FROM read_csv('{sf}/OpportunityContactRole.csv', header = true, delim = ',', quote = '"', escape = '"', types = {{
        'OpportunityId': 'VARCHAR', 'ContactId': 'VARCHAR', 'IsDeleted': 'BOOLEAN'}}) AS roles
    JOIN contacts ON contacts.id = left(roles.ContactId, 15)
    WHERE NOT IsDeleted
    UNION ALL
    SELECT human, deal FROM deals JOIN contacts ON contacts.id = deals.contact)
SEMI JOIN deals USING (deal);

CREATE TEMP TABLE touches AS
SELECT 1 AS file, row_number() OVER () AS place, left(LeadId, 15) AS person, left(ContactId, 15) AS person_2,
       NULL AS about, Type AS channel, coalesce(to_utc(FirstRespondedDate::TIMESTAMP), m.CreatedDate) AS moment
FROM read_csv('{sf}/CampaignMember.csv', header = true, delim = ',', quote = '"', escape = '"', types = {{
    'CampaignId': 'VARCHAR', 'LeadId': 'VARCHAR', 'ContactId': 'VARCHAR', 'HasResponded': 'BOOLEAN',
    'CreatedDate': 'TIMESTAMP', 'FirstRespondedDate': 'DATE'}}) AS m
JOIN (SELECT Id, Type FROM read_csv('{sf}/Campaign.csv', header = true, types = {{'Id': 'VARCHAR'}})) AS c
  ON c.Id = m.CampaignId
WHERE HasResponded
UNION ALL
SELECT 2, row_number() OVER (), left(WhoId, 15), NULL, left(WhatId, 15), 'meeting',
       coalesce(ActivityDateTime, to_utc(ActivityDate::TIMESTAMP))
FROM read_csv('{sf}/Event.csv', header = true, delim = ',', quote = '"', escape = '"', types = {{
    'WhoId': 'VARCHAR', 'WhatId': 'VARCHAR', 'IsDeleted': 'BOOLEAN', 'ActivityDateTime': 'TIMESTAMP',
    'ActivityDate': 'DATE'}})
WHERE NOT IsDeleted
UNION ALL
SELECT 3, row_number() OVER (), left(WhoId, 15), NULL, left(WhatId, 15),
       CASE TaskSubtype WHEN 'Email' THEN 'email (kind)' ELSE lower(TaskSubtype) END,
       coalesce(CompletedDateTime, CreatedDate)
FROM read_csv('{sf}/Task.csv', header = true, delim = ',', quote = '"', escape = '"', types = {{
    'WhoId': 'VARCHAR', 'WhatId': 'VARCHAR', 'TaskSubtype': 'VARCHAR', 'IsDeleted': 'BOOLEAN', 'IsClosed': 'BOOLEAN',
    'CreatedDate': 'TIMESTAMP', 'CompletedDateTime': 'TIMESTAMP'}})
WHERE IsClosed AND NOT IsDeleted;

CREATE TEMP TABLE won AS
SELECT *, to_utc((closed + 1)::TIMESTAMP) AS ends FROM deals WHERE won AND closed <= DATE '2026-06-30';

CREATE TEMP TABLE given AS
WITH reached AS (
    SELECT t.file, t.place, t.channel, t.moment, d.deal AS about, coalesce(p.human, q.human) AS human
    FROM touches AS t
    LEFT JOIN deals AS d ON d.deal = t.about
    LEFT JOIN human_of AS p ON p.id = t.person
    LEFT JOIN human_of AS q ON q.id = t.person_2
    WHERE t.moment < getvariable('until'))
SELECT about AS deal, file, place, channel, moment FROM reached WHERE about IS NOT NULL
UNION ALL
SELECT parts.deal, file, place, channel, moment FROM reached JOIN parts USING (human) WHERE about IS NULL;

CREATE TEMP TABLE made AS
SELECT deal, min(known.created) AS lead FROM parts JOIN known USING (human) GROUP BY deal;
'''

FLAT = '''
SET threads = {threads};

CREATE TEMP TABLE won AS
SELECT deal, person, opened AS created, (closed + 1)::TIMESTAMP AS ends, (worth * 100)::BIGINT AS cents
FROM read_csv('{folder}/deals.csv', header = true, types = {{
    'deal': 'VARCHAR', 'person': 'VARCHAR', 'opened': 'TIMESTAMP', 'closed': 'DATE', 'won': 'BOOLEAN',
    'worth': 'DECIMAL(18, 2)'}})
WHERE won;

CREATE TEMP TABLE made AS
SELECT deal, seen AS lead
FROM read_csv('{folder}/people.csv', header = true, types = {{'person': 'VARCHAR', 'seen': 'TIMESTAMP'}})
JOIN won USING (person);

CREATE TEMP TABLE given AS
SELECT deal, 1 AS file, place, channel, moment
FROM (
    SELECT row_number() OVER () AS place, person, channel, "at" AS moment
    FROM read_csv('{folder}/touches.csv', header = true, types = {{
        'touch': 'VARCHAR', 'person': 'VARCHAR', 'at': 'TIMESTAMP', 'channel': 'VARCHAR'}}))
JOIN won USING (person);
'''

RULES = '''
COPY (
    WITH
    path AS (
        SELECT won.deal, won.cents, channel,
               row_number() OVER w AS pos, count(*) OVER (PARTITION BY won.deal) AS n,
               count(*) FILTER (moment <= made.lead) OVER (PARTITION BY won.deal) AS by_lead,
               made.lead IS NOT NULL AND made.lead < won.ends AS has_lead,
               count(*) FILTER (moment <= won.created) OVER (PARTITION BY won.deal) AS by_deal
        FROM given JOIN won USING (deal) LEFT JOIN made USING (deal)
        WHERE moment < won.ends
        WINDOW w AS (PARTITION BY won.deal ORDER BY moment, file, place)),
    milestones AS (
        SELECT *, CASE WHEN has_lead THEN greatest(by_lead, 1) ELSE 0 END AS lead_pos, by_deal AS deal_pos FROM path),
    held AS (
        SELECT *, 400 * (pos = 1)::BIGINT + 400 * (pos = n)::BIGINT AS held_u,
               300 * ((pos = 1)::BIGINT + (pos = lead_pos)::BIGINT + (pos = deal_pos)::BIGINT) AS held_w
        FROM milestones),
    between_them AS (
        SELECT *, count(*) FILTER (held_u = 0) OVER d AS free_u, count(*) FILTER (held_w = 0) OVER d AS free_w
        FROM held WINDOW d AS (PARTITION BY deal)),
    weights AS (
        SELECT deal, cents, channel, pos, unnest([
            {{'model': 'first', 'weight': (pos = 1)::BIGINT}},
            {{'model': 'last', 'weight': (pos = n)::BIGINT}},
            {{'model': 'linear', 'weight': 1::BIGINT}},
            {{'model': 'u_first_last',
              'weight': CASE WHEN held_u = 0 THEN 200 ELSE held_u * greatest(free_u, 1) END}},
            {{'model': 'w', 'weight': CASE WHEN held_w = 0 THEN 100 ELSE held_w * greatest(free_w, 1) END}}
        ], recursive := true)
        FROM between_them),
    shares AS (
        SELECT *, sum(weight) OVER (PARTITION BY model, deal)::BIGINT AS total FROM weights),
    floors AS (
        SELECT *, (cents * weight) // total AS part, (cents * weight) % total AS rest FROM shares),
    parts_of AS (
        SELECT model, channel, weight / total AS credit,
               part + (row_number() OVER (PARTITION BY model, deal ORDER BY rest DESC, pos)
                       <= cents - sum(part) OVER (PARTITION BY model, deal))::BIGINT AS share
        FROM floors)
    SELECT model, channel, sum(credit) AS deals, sum(share)::BIGINT AS cents
    FROM parts_of GROUP BY ALL ORDER BY ALL
) TO '{output}' (HEADER, DELIMITER ',');
'''


def main():
    folder, output, threads, *more = sys.argv[1:]
    places = {
        "folder": folder,
        "sf": f"{folder}/exports/salesforce",
        "hubspot": f"{folder}/exports/hubspot/hubspot-crm-exports-all-contacts-*.csv",
        "output": output,
        "threads": int(threads),
    }
    tables = FLAT if "flat" in more else SCRIPT
    duckdb.connect().execute((tables + RULES).format(**places))


if __name__ == "__main__":
    main()
