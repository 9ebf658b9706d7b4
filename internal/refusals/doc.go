// Package refusals is the log of who was turned away, for whoever looks into an attack or a
// complaint.
//
// Whatever refuses a request says why on the request's gin.Context: problem.Write does so for every
// answer in its form, pages and callbacks with Page, Webhook and the like. Log.Middleware, which
// stands around everything, writes one line for each 401, 403, 429, refused page, callback, sign-in
// and webhook: request id, address, store, caller and reason. Nobody can fill the log: of what
// repeats itself from one address there are a few lines a minute, and then one with how many more
// there were.
//
// A line never has a token, a code, a payload or a person's e-mail: reasons are the program's own
// words, and of an API key it has the part that the panel shows too.
package refusals
