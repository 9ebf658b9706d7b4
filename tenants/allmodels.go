package tenants

// AllModels returns one of every model. The guard, the migration test and PurgeStore go by it; a
// test fails when a type with a StoreHash is missing.
func AllModels() []any {
	return []any{
		&Store{}, &User{}, &Channel{}, &APIKey{}, &UsedToken{}, &Connection{}, &Flow{}, &Run{}, &Record{},
		&RunItem{}, &RunIssue{}, &JournalEntry{}, &Snapshot{}, &SnapshotChunk{}, &Job{}, &JobAttempt{},
		&WebhookEvent{}, &AuditEntry{}, &QuotaMinute{},
		&StorefrontSettings{}, &ChannelOrigin{}, &StorefrontScript{}, &Account{}, &IdentityProvider{}, &SubjectLink{},
		&SignIn{}, &RememberedRecord{}, &StoreReferences{}, &StoreUsage{},
		&Attention{}, &AttentionCheck{}, &AlertSettings{}, &AlertChannel{}, &AlertMessage{},
	}
}
