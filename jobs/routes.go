package jobs

import "github.com/gin-gonic/gin"

// WebhookPath is where BigCommerce delivers webhooks, below Config.AppURL.
const WebhookPath = "/webhooks/bigcommerce"

// Register mounts what jobs serves over HTTP: webhooks. They carry no session, their signature is
// their proof. Errors are recorded on the context for problem.Middleware.
func (s *Service) Register(r gin.IRouter) {
	r.POST(WebhookPath, s.receiveWebhook)
}
