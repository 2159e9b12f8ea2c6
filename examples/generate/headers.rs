//! The long headers: what the weekly export writes for these objects, and HubSpot's labels of 2026.
//!
//! In: nothing. Out: names separated by `|`.

/// Account, weekly export.
pub const ACCOUNT: &str = "\
    Id|IsDeleted|MasterRecordId|Name|Type|RecordTypeId|ParentId|BillingStreet|BillingCity|BillingState|\
    BillingPostalCode|BillingCountry|BillingStateCode|BillingCountryCode|BillingLatitude|BillingLongitude|\
    BillingGeocodeAccuracy|ShippingStreet|ShippingCity|ShippingState|ShippingPostalCode|ShippingCountry|\
    ShippingStateCode|ShippingCountryCode|ShippingLatitude|ShippingLongitude|ShippingGeocodeAccuracy|Phone|Fax|\
    AccountNumber|Website|Sic|Industry|AnnualRevenue|NumberOfEmployees|Ownership|TickerSymbol|Description|\
    Rating|Site|CurrencyIsoCode|OwnerId|CreatedDate|CreatedById|LastModifiedDate|LastModifiedById|\
    SystemModstamp|LastActivityDate|IsExcludedFromRealign|Jigsaw|JigsawCompanyId|AccountSource|SicDesc|\
    OperatingHoursId";
/// Opportunity, weekly export.
pub const OPPORTUNITY: &str = "\
    Id|IsDeleted|AccountId|IsPrivate|Name|Description|StageName|StageSortOrder|Amount|Probability|\
    ExpectedRevenue|TotalOpportunityQuantity|CloseDate|Type|NextStep|LeadSource|IsClosed|IsWon|ForecastCategory|\
    ForecastCategoryName|CurrencyIsoCode|CampaignId|HasOpportunityLineItem|Pricebook2Id|OwnerId|Territory2Id|\
    IsExcludedFromTerritory2Filter|CreatedDate|CreatedById|LastModifiedDate|LastModifiedById|SystemModstamp|\
    LastActivityDate|LastStageChangeDate|FiscalYear|FiscalQuarter|ContactId|PrimaryPartnerAccountId|\
    SyncedQuoteId|ContractId|LastAmountChangedHistoryId|LastCloseDateChangedHistoryId";
/// User, weekly export.
pub const USER: &str = "\
    Id|Username|FirstName|LastName|MiddleName|Suffix|CompanyName|Division|Department|Title|Street|City|State|\
    PostalCode|Country|StateCode|CountryCode|Latitude|Longitude|GeocodeAccuracy|Email|SenderEmail|SenderName|\
    Signature|StayInTouchSubject|StayInTouchSignature|StayInTouchNote|Phone|Fax|MobilePhone|Alias|\
    CommunityNickname|IsActive|IsSystemControlled|TimeZoneSidKey|UserRoleId|LocaleSidKey|ReceivesInfoEmails|\
    ReceivesAdminInfoEmails|EmailEncodingKey|DefaultCurrencyIsoCode|CurrencyIsoCode|ProfileId|UserType|\
    UserSubtype|StartDay|EndDay|LanguageLocaleKey|EmployeeNumber|DelegatedApproverId|ManagerId|LastLoginDate|\
    LastPasswordChangeDate|CreatedDate|CreatedById|LastModifiedDate|LastModifiedById|SystemModstamp|\
    NumberOfFailedLogins|SuAccessExpirationDate|SuOrgAdminExpirationDate|OfflineTrialExpirationDate|\
    WirelessTrialExpirationDate|OfflinePdaTrialExpirationDate|ForecastEnabled|ContactId|AccountId|CallCenterId|\
    Extension|FederationIdentifier|AboutMe|LoginLimit|ProfilePhotoId|DigestFrequency|\
    DefaultGroupNotificationFrequency|WorkspaceId|SharingType|ChatterAdoptionStage|\
    ChatterAdoptionStageModifiedDate|BannerPhotoId|IsProfilePhotoActive|GlobalIdentity";
/// HubSpot contacts, a view of 21 columns; `Billing Contact` comes twice, as it does in real files.
pub const HUBSPOT: &str = "\
    Record ID|First Name|Last Name|Company Name|Country/Region|Create Date|\
    Date entered \"Customer (Lifecycle Stage Pipeline)\"|Date entered \"Lead (Lifecycle Stage Pipeline)\"|\
    Date entered \"Marketing Qualified Lead (Lifecycle Stage Pipeline)\"|\
    Date entered \"Opportunity (Lifecycle Stage Pipeline)\"|Date entered \"Sales Qualified Lead (Lifecycle Stage Pipeline)\"|\
    Email|HubSpot Score|Industry|Lead Status|Lifecycle Stage|Original Traffic Source|State/Region|\
    Billing Contact|Billing Contact|Associated Deal|Associated Deal IDs";
