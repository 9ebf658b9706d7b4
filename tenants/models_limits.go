package tenants

// StoreUsage is what a store keeps of that which costs too much to count each time, and the row
// that whoever adds to what has a limit holds meanwhile (lockUsage): so no two take the last place.
// A store without a row keeps nothing of it.
type StoreUsage struct {
	StoreHash    string `gorm:"primaryKey;size:32"`
	AccountRows  int64  // rows of table accounts
	AccountBytes int64  // of them (accountBytes)
}

// TableName names the table of StoreUsage.
func (StoreUsage) TableName() string { return "store_usage" }
