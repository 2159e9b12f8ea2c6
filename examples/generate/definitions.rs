//! What each figure of `truth.json` means. In: nothing. Out: names with their definitions.

/// Counts that only number the records.
pub const INTERNAL: [&str; 5] = ["events", "tasks", "lead_history_rows", "deal_history_rows", "contact_roles"];

/// The effects that reports should find, and the figures that show them.
pub const PLANTED: &[(&str, &str)] = &[
    (
        "leaks",
        "leaked_mqls of mqls were never contacted by sales: lost in the sync, forgotten in a queue, or a task never done",
    ),
    (
        "late_follow_up",
        "seconds_from_mql_to_first_sales_touch: the rep Dana Whitfield and the West Inbound Queue are slower than the others",
    ),
    (
        "changed_definition",
        "from 2025-07-01 a lower score makes an MQL: mqls_by_definition grow by month, mqls_with_deal_by_definition and mqls_won_by_definition fall as a share",
    ),
    ("slow_segment", "days_from_created_to_won: the industry Public Sector takes about twice as long"),
    (
        "channels",
        "webinars assist (won_by_webinar_before_the_deal / closed_by_webinar_before_the_deal); Paid Search leads deals_by_last_response_before_the_deal",
    ),
    ("season", "leads by month: high in March, May, September and October, low in July, August and December"),
];

/// Every figure.
pub const DEFINITIONS: &[(&str, &str)] = &[
    (
        "conventions",
        "Days and months are those of America/New_York; date-only values are never shifted. The history ends with 2026-06-30 (as_of). Money is in cents of USD. by_fiscal_quarter_starting names a quarter by its first month; 2023-11 and 2026-05 are cut by the history. by_month, by_calendar_quarter and by_fiscal_quarter_starting are the same figure at three grains; totals holds its sum.",
    ),
    (
        "rows",
        "records: CSV records after the header, with blank, deleted and merged ones. blank: records whose cells are all empty.",
    ),
    (
        "people",
        "Distinct people: the same e-mail address (case ignored), lead conversion and MasterRecordId join records; deleted records that were not merged into another are nobody.",
    ),
    ("people_in_both_systems", "People with a row in the HubSpot file and a Lead or Contact that is not deleted."),
    (
        "people_in_both_systems_by_other_case",
        "Those whose Salesforce e-mail address differs from HubSpot's in capitals.",
    ),
    ("people_known_by_contact_role_only", "People who have no Lead, only a Contact with an OpportunityContactRole."),
    (
        "leads",
        "People by the month of their earliest record (CreatedDate of Lead and Contact, Create Date of HubSpot).",
    ),
    (
        "mqls",
        "People by the month in which they first became marketing qualified: the earlier of HubSpot's `Date entered \"Marketing Qualified Lead (Lifecycle Stage Pipeline)\"` and the first LeadHistory Status row with NewValue MQL.",
    ),
    ("mqls_by_definition", "The same people, by that moment: old before 2025-07-01, new from that day."),
    ("mqls_with_deal", "Of them, people whose Lead was converted into an opportunity."),
    ("mqls_with_deal_by_definition", "The same by definition."),
    (
        "mqls_won",
        "Of them, people whose Lead was converted into an opportunity that is won (a second deal of the same buyer does not count).",
    ),
    ("mqls_won_by_definition", "The same by definition."),
    ("mqls_accepted", "MQLs with a LeadHistory Status row whose NewValue is Accepted or Working."),
    (
        "mqls_dated_by_salesforce_only",
        "MQLs without HubSpot's date when they first qualified; a second qualification may have filled it in since.",
    ),
    ("mqls_with_a_sales_touch_before", "MQLs with a completed sales touch before they qualified."),
    ("mqls_recycled", "MQLs with a LeadHistory Status row whose NewValue is Recycled."),
    ("mqls_qualified_twice", "Recycled ones that became MQL again: HubSpot holds the second date, LeadHistory both."),
    ("mqls_still_waiting_for_sales", "MQLs whose first sales touch would come after as_of: untouched, and not leaked."),
    (
        "leaked_mqls",
        "MQLs whom no sales touch (completed Task or past Event, not deleted) ever follows and none ever will. All MQLs without a later sales touch are leaked_mqls + mqls_still_waiting_for_sales.",
    ),
    ("leaked_never_in_salesforce", "Leaked MQLs that exist in HubSpot only."),
    ("leaked_with_a_task_never_done", "Leaked MQLs with one open Task."),
    ("leaked_without_any_task", "Leaked MQLs with a Lead and without any Task or Event."),
    (
        "sals",
        "People (MQL or not) by the month of the first LeadHistory Status row whose NewValue is Accepted or Working.",
    ),
    (
        "leads_converted",
        "Leads that were converted into contact, account and opportunity; merged and deleted rows do not count.",
    ),
    ("merged_leads", "Lead rows with a MasterRecordId; Salesforce marks them as deleted too."),
    ("deleted_leads", "Lead rows with IsDeleted and without MasterRecordId: form tests, nobody's."),
    ("deleted_deals", "Opportunity rows with IsDeleted: duplicates, counted nowhere else."),
    ("deleted_tasks", "Task rows with IsDeleted: counted nowhere else."),
    ("open_tasks", "Task rows that are neither closed nor deleted."),
    ("planned_meetings", "Event rows after as_of."),
    ("select_placeholders", "HubSpot rows whose Industry is the untouched prompt Select."),
    ("accounts", "Account rows."),
    ("deals", "Opportunity rows that are not deleted."),
    ("deals_won", "Deals with IsWon."),
    ("deals_lost", "Deals with IsClosed and not IsWon."),
    ("deals_open", "Deals without IsClosed at as_of; each has a CloseDate after as_of."),
    ("open_pipeline_cents", "Amounts of the open deals; deals without an amount add nothing."),
    ("won", "Won deals by month of CloseDate."),
    ("won_cents", "Their amounts."),
    ("won_cents_new_business", "Their amounts, Type New Business only."),
    ("won_cents_existing_business", "Their amounts, Type Existing Business only."),
    ("lost", "Lost deals by month of CloseDate."),
    ("deals_created", "Deals by month of CreatedDate."),
    (
        "pipeline_created_cents",
        "Amounts of deals as they are now, by month of CreatedDate; deals without an amount add nothing.",
    ),
    ("deals_without_amount", "Deals whose Amount is empty."),
    ("deals_without_any_person", "Deals without converted lead, ContactId or contact role: linked to an account only."),
    (
        "deals_without_mql_of_inbound_people",
        "Deals of converted leads that marketing found and that were never MQL; the converted lead's own first deal only.",
    ),
    ("second_deals_of_a_buyer", "Deals of Type Existing Business: same contact and account as an earlier won deal."),
    (
        "closed_before_created",
        "Deals whose CloseDate is before the day of CreatedDate; they are won or lost like others.",
    ),
    ("deals_that_reached_proposal", "Deals with an OpportunityHistory row of stage Proposal/Price Quote."),
    ("deals_by_lead_source", "Deals by LeadSource."),
    ("won_by_lead_source", "Won deals by LeadSource."),
    ("pipeline_created_cents_by_lead_source", "Amounts of deals by LeadSource."),
    ("deals_by_industry", "Deals by the Industry of the account."),
    ("won_by_industry", "Won deals by the Industry of the account."),
    (
        "days_from_created_to_won",
        "Days from the day of CreatedDate to CloseDate of won deals, without those that closed before they were created.",
    ),
    (
        "closed_by_webinar_before_the_deal",
        "Won and lost deals that came from a converted lead, by whether that person responded to a campaign of type Webinar on a day before the deal's CreatedDate.",
    ),
    ("won_by_webinar_before_the_deal", "The won ones among them."),
    (
        "deals_by_last_response_before_the_deal",
        "Deals that came from a converted lead, by the campaign type of that person's last response on a day before the deal's CreatedDate.",
    ),
    (
        "seconds_from_mql_to_first_sales_touch",
        "Seconds from the MQL moment to the first completed Task or past Event (not deleted) of the person, for MQLs that have one; late_rep: owned by Dana Whitfield; west_queue: an Owner row of LeadHistory leaves the West Inbound Queue; others: the rest.",
    ),
    ("marketing_touches", "CampaignMember rows with HasResponded."),
    ("marketing_touches_by_channel", "The same by type of the campaign."),
    ("sales_touches", "Completed Task rows and past Event rows that are not deleted."),
    (
        "spend_cents_marketing",
        "Spend of team marketing by month of date, from spend.csv and ad_spend.csv; EUR rows at 1 EUR = 1.10 USD, exact to the cent.",
    ),
    ("spend_cents_sales", "Spend of team sales by month of date."),
    ("spend_cents_marketing_for_sales", "Of the marketing spend, the rows tagged sales-support or enablement."),
    ("spend_cents_marketing_eur", "Of the marketing spend, the rows in EUR, in cents of USD."),
    (
        "head_tenths_marketing",
        "Heads of team marketing by month, times ten. A quarter's average headcount is its sum / 10 / number of months.",
    ),
    ("head_tenths_sales", "The same of team sales."),
    (
        "revenue_cents",
        "Revenue by month, all kinds. Kind new equals won_cents_new_business, kind expansion won_cents_existing_business.",
    ),
];
