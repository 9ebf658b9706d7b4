// The consent banner: it saves a complete set of categories, then loads the page's scripts anew.
document.getElementById("consent").addEventListener("submit", async (event) => {
  event.preventDefault();
  const all = event.submitter?.value;
  const allow = [], deny = [];
  for (const box of event.target.elements.category) {
    (all === "allow" || (all !== "deny" && box.checked) ? allow : deny).push(Number(box.value));
  }
  const answer = await fetch("/api/storefront/consent", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ allow, deny }),
  });
  if (answer.ok) location.reload();
  else document.getElementById("consent-error").textContent = "Your choice could not be saved. Please try again.";
});
