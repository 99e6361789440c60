// Swagger UI on the OpenAPI document of this service. If the service needs a key, it is sent with each request.

const form = document.getElementById("key-form");

function withKey(request) {
  const key = sessionStorage.getItem("api-key");
  if (key) request.headers["X-API-Key"] = key;
  return request;
}

async function show() {
  const response = await fetch("openapi.json", withKey({ headers: {} }));
  form.hidden = response.status !== 401;
  if (!form.hidden) {
    document.getElementById("key").focus();
    return;
  }
  // Without the validator, because it is on another host.
  const own = { dom_id: "#swagger", url: "openapi.json", validatorUrl: null, deepLinking: true, requestInterceptor: withKey };
  window.SwaggerUIBundle({ ...own, layout: "BaseLayout" });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("api-key", document.getElementById("key").value.trim());
  show();
});
show();
