// Kept out of the page so that the page needs no inline script.
window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: "/schema/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    validatorUrl: null, // by default it sends the document to a third party
    presets: [SwaggerUIBundle.presets.apis],
  });
});
