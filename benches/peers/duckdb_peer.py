"""The funnel by month and lead source, in DuckDB: one SQL script over the raw exports.

In: a generated company's folder, the file to write, the number of threads, and perhaps `touches`. Out: a CSV with one
line per period, segment and stage, sorted. With `touches`, the three exports of touches are read too, each touch is
given to its buying process and team, and OUTPUT.touches.csv has their sums.

A buying process is a deal with the people whose first deal it is, or a person without one. A person is an e-mail
address, case ignored; a converted lead is the contact that it became. In a generated company every person has an
address, and no deal finds its people by account or domain alone.

    python duckdb_peer.py FOLDER OUTPUT THREADS [touches]
"""

import sys

import duckdb

FUNNEL = '''
SET threads = {threads};

CREATE MACRO local_day(utc) AS (timezone('America/New_York', timezone('UTC', utc))::DATE);
CREATE MACRO to_utc(wall) AS (timezone('UTC', timezone('America/New_York', wall)));

-- Nothing after as-of, 2026-06-30 in New York, counts.
SET VARIABLE until = timezone('UTC', timezone('America/New_York', TIMESTAMP '2026-07-01'));

CREATE TEMP TABLE deals AS
SELECT left(Id, 15) AS deal, left(ContactId, 15) AS contact, CreatedDate AS created, CloseDate::DATE AS closed,
       IsWon AS won, Amount AS amount, LeadSource AS source
FROM read_csv('{sf}/Opportunity.csv', header = true, delim = ',', quote = '"', escape = '"', types = {{
    'Id': 'VARCHAR', 'IsDeleted': 'BOOLEAN', 'ContactId': 'VARCHAR', 'CreatedDate': 'TIMESTAMP',
    'CloseDate': 'TIMESTAMP', 'IsWon': 'BOOLEAN', 'Amount': 'DECIMAL(18, 2)', 'LeadSource': 'VARCHAR'}})
WHERE NOT IsDeleted AND CreatedDate < getvariable('until');

CREATE TEMP TABLE contacts AS
SELECT left(Id, 15) AS id, lower(Email) AS human, CreatedDate AS created, LeadSource AS source
FROM read_csv('{sf}/Contact.csv', header = true, delim = ',', quote = '"', escape = '"', types = {{
    'Id': 'VARCHAR', 'IsDeleted': 'BOOLEAN', 'Email': 'VARCHAR', 'LeadSource': 'VARCHAR',
    'CreatedDate': 'TIMESTAMP'}})
WHERE NOT IsDeleted AND CreatedDate < getvariable('until');

CREATE TEMP TABLE leads AS
WITH raw AS (
    SELECT left(Id, 15) AS id, lower(Email) AS email, CreatedDate AS created, LeadSource AS source,
           left(ConvertedContactId, 15) AS contact, left(ConvertedOpportunityId, 15) AS deal
    FROM read_csv('{sf}/Lead.csv', header = true, delim = ',', quote = '"', escape = '"', types = {{
        'Id': 'VARCHAR', 'IsDeleted': 'BOOLEAN', 'Email': 'VARCHAR', 'LeadSource': 'VARCHAR',
        'ConvertedContactId': 'VARCHAR', 'ConvertedOpportunityId': 'VARCHAR', 'CreatedDate': 'TIMESTAMP'}})
    WHERE NOT IsDeleted AND CreatedDate < getvariable('until'))
SELECT raw.id, coalesce(contacts.human, raw.email) AS human, raw.created, raw.source, raw.deal
FROM raw LEFT JOIN contacts ON contacts.id = raw.contact;

CREATE TEMP TABLE statuses AS
SELECT left(LeadId, 15) AS id,
       min(CreatedDate) FILTER (NewValue IN ('MQL', 'Marketing Qualified Lead')) AS mql,
       min(CreatedDate) FILTER (NewValue IN ('Accepted', 'Working')) AS sal
FROM read_csv('{sf}/LeadHistory.csv', header = true, delim = ',', quote = '"', escape = '"', types = {{
    'LeadId': 'VARCHAR', 'CreatedDate': 'TIMESTAMP', 'Field': 'VARCHAR', 'NewValue': 'VARCHAR'}})
WHERE Field = 'Status' AND CreatedDate < getvariable('until')
GROUP BY ALL;

CREATE TEMP TABLE people AS
SELECT id, human, created, source, mql, sal FROM leads LEFT JOIN statuses USING (id)
UNION ALL SELECT id, human, created, source, NULL, NULL FROM contacts
UNION ALL
SELECT id, human, to_utc(created), source,
       CASE WHEN to_utc(mql) < getvariable('until')
            THEN to_utc(mql) END, NULL
FROM (
    SELECT "Record ID" AS id, lower(Email) AS human, "Create Date" AS created, "Original Traffic Source" AS source,
           "Date entered ""Marketing Qualified Lead (Lifecycle Stage Pipeline)""" AS mql
    FROM read_csv('{hubspot}', header = true, delim = ',', quote = '"', escape = '"', types = {{
        'Record ID': 'VARCHAR', 'Email': 'VARCHAR', 'Create Date': 'TIMESTAMP', 'Original Traffic Source': 'VARCHAR',
        'Date entered "Marketing Qualified Lead (Lifecycle Stage Pipeline)"': 'TIMESTAMP'}}))
WHERE to_utc(created) < getvariable('until');

-- The first deal that a person had part in: by conversion, by contact role, or as the deal's contact.
CREATE TEMP TABLE first_deals AS
WITH links AS (
    SELECT human, deal FROM leads WHERE deal IS NOT NULL
    UNION ALL
    SELECT human, left(OpportunityId, 15)
    FROM read_csv('{sf}/OpportunityContactRole.csv', header = true, delim = ',', quote = '"', escape = '"', types = {{
        'OpportunityId': 'VARCHAR', 'ContactId': 'VARCHAR', 'IsDeleted': 'BOOLEAN'}}) AS roles
    JOIN contacts ON contacts.id = left(roles.ContactId, 15)
    WHERE NOT IsDeleted
    UNION ALL
    SELECT human, deal FROM deals JOIN contacts ON contacts.id = deals.contact)
SELECT human, arg_min(deal, (created, deal)) AS deal
FROM links JOIN deals USING (deal)
GROUP BY human;

CREATE TEMP TABLE processes AS
WITH of_people AS (
    SELECT coalesce(deal, human) AS process, min(people.created) AS lead, min(mql) AS mql, min(sal) AS sal,
           arg_min(source, (people.created, id)) FILTER (source IS NOT NULL) AS source
    FROM people LEFT JOIN first_deals USING (human)
    GROUP BY ALL),
proposals AS (
    SELECT left(OpportunityId, 15) AS process, min(CreatedDate) AS proposal
    FROM read_csv('{sf}/OpportunityHistory.csv', header = true, delim = ',', quote = '"', escape = '"', types = {{
        'OpportunityId': 'VARCHAR', 'CreatedDate': 'TIMESTAMP', 'StageName': 'VARCHAR'}})
    WHERE StageName = 'Proposal/Price Quote' AND CreatedDate < getvariable('until')
    GROUP BY ALL),
times AS (
    SELECT coalesce(o.process, d.deal) AS process, coalesce(o.source, d.source) AS source, d.amount,
           o.lead, o.mql, o.sal, d.created AS opportunity, p.proposal,
           CASE WHEN d.won AND d.closed <= DATE '2026-06-30' THEN d.closed END AS won
    FROM of_people AS o FULL JOIN deals AS d ON d.deal = o.process
    LEFT JOIN proposals AS p ON p.process = d.deal)
SELECT process, source, amount,
       [local_day(lead), local_day(mql), local_day(sal), local_day(opportunity), local_day(proposal), won] AS days
FROM times;

-- A skipped stage between two that are known was passed, and is not recorded.
COPY (
    WITH dated AS (
        SELECT *, list_position(list_transform(days, lambda d: d IS NOT NULL), true) AS first,
               7 - list_position(list_reverse(list_transform(days, lambda d: d IS NOT NULL)), true) AS last
        FROM processes),
    reached AS (
        SELECT strftime(days[first], '%Y-%m') AS period, 'lead_source=' || coalesce(source, '(blank)') AS segment,
               stage, amount, days[stage] IS NOT NULL AS recorded, stage < last AS next, first = 1 AS from_first,
               days[stage + 1] - days[stage] AS days_to_next
        FROM (SELECT *, unnest(range(first, last + 1)) AS stage FROM dated))
    SELECT CASE grouping(period) WHEN 1 THEN 'total' ELSE period END AS period,
           CASE grouping(segment) WHEN 1 THEN '' ELSE segment END AS segment,
           ['lead', 'mql', 'sal', 'opportunity', 'proposal', 'won'][stage] AS stage_id,
           count(*) AS volume, count(*) FILTER (recorded) AS recorded, count(*) FILTER (next) AS next_reached,
           count(*) FILTER (from_first) AS from_first, median(days_to_next) AS median_days_to_next,
           count(days_to_next) AS days_n, sum(amount) AS value
    FROM reached
    GROUP BY GROUPING SETS ((stage), (stage, period), (stage, segment), (stage, period, segment))
    ORDER BY period, segment, stage
) TO '{output}' (HEADER, DELIMITER ',');
'''

TOUCHES = '''
CREATE TEMP TABLE owners AS
SELECT Id AS owner, lower(Department) AS team
FROM read_csv('{sf}/User.csv', header = true, delim = ',', quote = '"', escape = '"', types = {{
    'Id': 'VARCHAR', 'Department': 'VARCHAR'}})
WHERE Department IN ('Marketing', 'Sales');

CREATE TEMP TABLE process_of AS
SELECT id, coalesce(deal, human) AS process FROM people LEFT JOIN first_deals USING (human)
UNION ALL SELECT deal, deal FROM deals;

COPY (
    WITH touches AS (
        SELECT left(LeadId, 15) AS person, left(ContactId, 15) AS person_2, NULL AS about, NULL AS owner,
               'marketing' AS team, coalesce(FirstRespondedDate, local_day(CreatedDate)) AS day
        FROM read_csv('{sf}/CampaignMember.csv', header = true, delim = ',', quote = '"', escape = '"', types = {{
            'LeadId': 'VARCHAR', 'ContactId': 'VARCHAR', 'HasResponded': 'BOOLEAN', 'CreatedDate': 'TIMESTAMP',
            'FirstRespondedDate': 'DATE'}})
        WHERE HasResponded
        UNION ALL
        SELECT left(WhoId, 15), NULL, left(WhatId, 15), OwnerId, 'sales',
               local_day(coalesce(CompletedDateTime, CreatedDate))
        FROM read_csv('{sf}/Task.csv', header = true, delim = ',', quote = '"', escape = '"', types = {{
            'WhoId': 'VARCHAR', 'WhatId': 'VARCHAR', 'OwnerId': 'VARCHAR', 'IsDeleted': 'BOOLEAN',
            'IsClosed': 'BOOLEAN', 'CreatedDate': 'TIMESTAMP', 'CompletedDateTime': 'TIMESTAMP'}})
        WHERE IsClosed AND NOT IsDeleted
        UNION ALL
        SELECT left(WhoId, 15), NULL, left(WhatId, 15), OwnerId, 'sales',
               coalesce(local_day(ActivityDateTime), ActivityDate)
        FROM read_csv('{sf}/Event.csv', header = true, delim = ',', quote = '"', escape = '"', types = {{
            'WhoId': 'VARCHAR', 'WhatId': 'VARCHAR', 'OwnerId': 'VARCHAR', 'IsDeleted': 'BOOLEAN',
            'ActivityDateTime': 'TIMESTAMP', 'ActivityDate': 'DATE'}})
        WHERE NOT IsDeleted),
    per_process AS (
        SELECT coalesce(a.process, p.process, q.process) AS process, coalesce(owners.team, touches.team) AS team,
               count(*) AS touches, min(day) AS first, max(day) AS last
        FROM touches
        LEFT JOIN process_of AS p ON p.id = touches.person
        LEFT JOIN process_of AS q ON q.id = touches.person_2
        LEFT JOIN deals AS d ON d.deal = touches.about
        LEFT JOIN process_of AS a ON a.id = d.deal
        LEFT JOIN owners USING (owner)
        WHERE day <= DATE '2026-06-30'
        GROUP BY ALL)
    SELECT 'lead_source=' || coalesce(source, '(blank)') AS segment, team, sum(touches)::BIGINT AS touches,
           count(*) AS processes, count(*) FILTER (first < DATE '2025-04-01') AS early,
           count(*) FILTER (last >= DATE '2025-04-01') AS late
    FROM per_process JOIN processes USING (process)
    GROUP BY ALL ORDER BY ALL
) TO '{output}.touches.csv' (HEADER, DELIMITER ',');
'''


def main():
    folder, output, threads, *more = sys.argv[1:]
    places = {
        "sf": f"{folder}/exports/salesforce",
        "hubspot": f"{folder}/exports/hubspot/hubspot-crm-exports-all-contacts-*.csv",
        "output": output,
        "threads": int(threads),
    }
    con = duckdb.connect()
    con.execute(FUNNEL.format(**places))
    if "touches" in more:
        con.execute(TOUCHES.format(**places))


if __name__ == "__main__":
    main()
