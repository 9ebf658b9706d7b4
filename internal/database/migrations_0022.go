package database

import "gorm.io/gorm"

// migrate0022 makes pending jobs about deleted products those of an event, which any kind of flow
// may act on. Their payloads are {"delivery_id":…,"product_id":…}, as they were written; a
// quotation mark in the first is escaped.
func migrate0022(tx *gorm.DB) error {
	return tx.Exec(`UPDATE jobs SET kind = 'event', payload = REPLACE(payload, '"product_id":', '"scope":"store/product/deleted","id":')` +
		` WHERE kind = 'record.forget' AND state = 'pending'`).Error
}
