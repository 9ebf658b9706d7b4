package jobs

import (
	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
)

// WebhookPath is where BigCommerce delivers webhooks, below Config.AppURL.
const WebhookPath = "/webhooks/bigcommerce"

// Register mounts what jobs serves over HTTP: webhooks. They carry no session, their signature is
// their proof.
func (s *Service) Register(r gin.IRouter) {
	r.POST(WebhookPath, problem.Middleware(s.log), s.receiveWebhook)
}
