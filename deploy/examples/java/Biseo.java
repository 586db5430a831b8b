import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * A client of Biseo on the JDK alone:
 *
 * <pre>
 * java Biseo.java search 주차요금 감면
 * java Biseo.java ask "다자녀 가정은 공영주차장 요금을 얼마나 감면받나요?"
 * java Biseo.java reply complaint.txt 답변.hwpx
 * </pre>
 *
 * BISEO_URL is the address of the service (http://127.0.0.1:8080 if not set), BISEO_KEY an
 * API key (not needed in single-user mode).
 */
public final class Biseo {
    private static final int ATTEMPTS = 4;
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private static final PrintStream ERR = new PrintStream(System.err, true, StandardCharsets.UTF_8);

    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(10)).build();
    private final String url;
    private final String key;

    Biseo(String url, String key) {
        this.url = url.replaceAll("/+$", "");
        this.key = key;
    }

    /** An error of the service (RFC 9457): code is stable, the message is for people. */
    static final class Problem extends IOException {
        final String code;
        final List<Object> errors;

        Problem(int status, Object body) {
            super(text(body, "code") + ": " + text(body, "detail") + " (HTTP " + status + ")");
            code = text(body, "code");
            errors = list(body, "errors");
        }
    }

    /** Sends a request; busy answers are tried again when Retry-After says. */
    private <T> HttpResponse<T> send(HttpRequest.Builder request, HttpResponse.BodyHandler<T> read) throws IOException, InterruptedException {
        if (!key.isEmpty()) {
            request.header("Authorization", "Bearer " + key);
        }
        HttpRequest built = request.build();
        for (int attempt = 1;; attempt++) {
            HttpResponse<T> response;
            try {
                response = http.send(built, read);
            } catch (IOException e) {
                // The answer may be lost after the work was done: only what does not store, or has
                // an Idempotency-Key, may be sent again. That is everything here.
                if (attempt == ATTEMPTS) {
                    throw e;
                }
                Thread.sleep(1000L * attempt);
                continue;
            }
            int status = response.statusCode();
            if (status < 300) {
                return response;
            }
            boolean busy = status == 429 || status == 503 || status == 409 && built.headers().firstValue("Idempotency-Key").isPresent();
            if (!busy || attempt == ATTEMPTS) {
                throw new Problem(status, problem(response.body()));
            }
            Thread.sleep(1000L * Math.min(30, response.headers().firstValueAsLong("Retry-After").orElse(1)));
        }
    }

    private static Object problem(Object body) throws IOException {
        String s;
        if (body instanceof InputStream in) {
            s = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } else if (body instanceof byte[] b) {
            s = new String(b, StandardCharsets.UTF_8);
        } else {
            s = String.valueOf(body);
        }
        try {
            return Json.read(s);
        } catch (IllegalArgumentException e) { // of a proxy, perhaps
            return Map.of("code", "unknown", "detail", "no problem document");
        }
    }

    private HttpRequest.Builder request(String path, Duration limit) {
        return HttpRequest.newBuilder(URI.create(url + path)).timeout(limit);
    }

    private HttpRequest.Builder post(String path, Object body) {
        return request(path, Duration.ofMinutes(5)).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(Json.write(body)));
    }

    private Object ask(HttpRequest.Builder request) throws IOException, InterruptedException {
        return Json.read(send(request.header("Accept", "application/json"), HttpResponse.BodyHandlers.ofString()).body());
    }

    /** Takes an event; data is its JSON. */
    interface Listener {
        void event(String name, Object data) throws IOException;
    }

    /** Listens to a task until it is done. A connection that is cut is taken up again. */
    private void stream(String path, Object body, Listener listener) throws IOException, InterruptedException {
        HttpRequest.Builder request = post(path, body);
        String last = "", stream = "";
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            HttpResponse<InputStream> response = send(request.header("Accept", "text/event-stream"), HttpResponse.BodyHandlers.ofInputStream());
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
                String name = "message";
                StringBuilder data = new StringBuilder();
                for (String line; (line = lines.readLine()) != null;) {
                    int colon = line.indexOf(':');
                    String field = colon < 0 ? line : line.substring(0, colon);
                    String value = colon < 0 ? "" : line.substring(colon + 1).replaceFirst("^ ", "");
                    if (line.isEmpty() && data.length() > 0) {
                        Object v = Json.read(data.toString());
                        if (name.equals("error")) {
                            throw new Problem((int) number(v, "status"), v);
                        }
                        if (name.equals("status") && !text(v, "stream").isEmpty()) {
                            stream = text(v, "stream");
                        }
                        listener.event(name, v);
                        if (name.equals("done")) {
                            return;
                        }
                    }
                    switch (field) {
                        case "id" -> last = value;
                        case "event" -> name = value;
                        case "data" -> data.append(data.length() > 0 ? "\n" : "").append(value);
                        default -> { // a comment that keeps the connection open has no field name
                            if (line.isEmpty()) {
                                name = "message";
                                data.setLength(0);
                            }
                        }
                    }
                }
            } catch (Problem e) {
                throw e;
            } catch (IOException e) {
                // cut: go on below
            }
            if (stream.isEmpty()) {
                break;
            }
            request = request("/v1/streams/" + stream, Duration.ofMinutes(5)).header("Last-Event-ID", last).GET();
        }
        throw new Problem(502, Map.of("code", "cut", "detail", "the stream ended before the answer was whole"));
    }

    private void search(String words) throws IOException, InterruptedException {
        for (Object hit : list(ask(post("/v1/search", Map.of("query", words, "limit", 5))), "hits")) {
            OUT.printf("%d. %s%n", (int) number(hit, "rank"), name(hit));
        }
    }

    /** Prints each sentence as it comes: it was checked before it was sent. */
    private void question(String question) throws IOException, InterruptedException {
        stream("/v1/answers", Map.of("question", question), (name, data) -> {
            switch (name) {
                case "sentence" -> {
                    LinkedHashSet<Integer> numbers = new LinkedHashSet<>();
                    list(data, "cites").forEach(c -> numbers.add((int) number(c, "source")));
                    StringBuilder marks = new StringBuilder();
                    numbers.forEach(n -> marks.append(" [").append(n).append(']'));
                    OUT.println(text(data, "text") + marks);
                }
                case "warning" -> OUT.println("※ " + text(data, "text"));
                case "done" -> {
                    OUT.println("\n" + text(data, "outcome") + ", " + text(data, "on"));
                    sources(data);
                }
                default -> { }
            }
        });
    }

    /** Drafts the reply to a complaint and saves it in the format of the file's ending. */
    private void reply(Path complaint, Path out) throws IOException, InterruptedException {
        // One key for one intent: sent again, it gets the first draft instead of a second.
        Object draft = ask(post("/v1/replies", Map.of("text", Files.readString(complaint))).header("Idempotency-Key", UUID.randomUUID().toString()));
        OUT.println(text(draft, "outcome") + ", 처리기한 " + text(member(draft, "reply"), "due"));
        list(draft, "warnings").forEach(w -> OUT.println("※ " + text(w, "text")));
        sources(draft);
        String format = out.toString().substring(out.toString().lastIndexOf('.') + 1);
        Files.write(out, send(post("/v1/export", Map.of("answer", draft, "format", format)), HttpResponse.BodyHandlers.ofByteArray()).body());
        OUT.println(out);
    }

    private static void sources(Object answer) {
        for (Object s : list(answer, "sources")) {
            if (Boolean.TRUE.equals(member(s, "used"))) {
                OUT.printf("[%d] %s%n", (int) number(s, "n"), name(s));
            }
        }
    }

    private static String name(Object source) {
        return text(source, "cite").isEmpty() ? text(source, "title") : text(source, "cite");
    }

    public static void main(String[] args) throws InterruptedException {
        Map<String, String> env = System.getenv();
        Biseo biseo = new Biseo(env.getOrDefault("BISEO_URL", "http://127.0.0.1:8080"), env.getOrDefault("BISEO_KEY", ""));
        try {
            if (args.length >= 2 && args[0].equals("search")) {
                biseo.search(String.join(" ", List.of(args).subList(1, args.length)));
            } else if (args.length >= 2 && args[0].equals("ask")) {
                biseo.question(String.join(" ", List.of(args).subList(1, args.length)));
            } else if (args.length == 3 && args[0].equals("reply")) {
                biseo.reply(Path.of(args[1]), Path.of(args[2]));
            } else {
                ERR.println("usage: java Biseo.java search WORDS | ask QUESTION | reply COMPLAINT-FILE OUT.hwpx");
                System.exit(2);
            }
        } catch (IOException e) {
            ERR.println("biseo: " + e.getMessage());
            if (e instanceof Problem p) {
                p.errors.forEach(f -> ERR.println("  " + text(f, "field") + ": " + text(f, "detail")));
            }
            System.exit(1);
        }
    }

    // Members of JSON values. What is not there is empty.

    private static Object member(Object v, String name) {
        return v instanceof Map<?, ?> m ? m.get(name) : null;
    }

    private static String text(Object v, String name) {
        return member(v, name) instanceof String s ? s : "";
    }

    private static double number(Object v, String name) {
        return member(v, name) instanceof Double d ? d : 0;
    }

    @SuppressWarnings("unchecked")
    private static List<Object> list(Object v, String name) {
        return member(v, name) instanceof List<?> l ? (List<Object>) l : List.of();
    }

    /** JSON as maps, lists, strings, doubles, booleans and null. */
    static final class Json {
        private final String s;
        private int at;

        private Json(String s) {
            this.s = s;
        }

        static Object read(String s) {
            Json j = new Json(s);
            Object v = j.value();
            j.space();
            if (j.at < s.length()) {
                throw j.bad();
            }
            return v;
        }

        private Object value() {
            space();
            switch (peek()) {
                case '{': {
                    Map<String, Object> m = new LinkedHashMap<>();
                    at++;
                    for (space(); peek() != '}'; space()) {
                        if (!m.isEmpty()) {
                            expect(",");
                            space();
                        }
                        String name = string();
                        space();
                        expect(":");
                        m.put(name, value());
                    }
                    at++;
                    return m;
                }
                case '[': {
                    List<Object> l = new ArrayList<>();
                    at++;
                    for (space(); peek() != ']'; space()) {
                        if (!l.isEmpty()) {
                            expect(",");
                        }
                        l.add(value());
                    }
                    at++;
                    return l;
                }
                case '"':
                    return string();
                case 't':
                    expect("true");
                    return true;
                case 'f':
                    expect("false");
                    return false;
                case 'n':
                    expect("null");
                    return null;
                default:
                    int from = at;
                    while (at < s.length() && "+-.0123456789eE".indexOf(s.charAt(at)) >= 0) {
                        at++;
                    }
                    return Double.valueOf(s.substring(from, at)); // a NumberFormatException is an IllegalArgumentException
            }
        }

        private String string() {
            StringBuilder b = new StringBuilder();
            for (expect("\""); peek() != '"';) {
                char c = s.charAt(at++);
                if (c == '\\') {
                    c = peek();
                    at++;
                    int i = "bfnrt".indexOf(c);
                    if (i >= 0) {
                        c = "\b\f\n\r\t".charAt(i);
                    } else if (c == 'u') {
                        if (at + 4 > s.length()) {
                            throw bad();
                        }
                        c = (char) Integer.parseInt(s, at, at + 4, 16);
                        at += 4;
                    }
                }
                b.append(c);
            }
            at++;
            return b.toString();
        }

        private void space() {
            while (at < s.length() && " \t\r\n".indexOf(s.charAt(at)) >= 0) {
                at++;
            }
        }

        private char peek() {
            if (at >= s.length()) {
                throw bad();
            }
            return s.charAt(at);
        }

        private void expect(String word) {
            if (!s.startsWith(word, at)) {
                throw bad();
            }
            at += word.length();
        }

        private IllegalArgumentException bad() {
            return new IllegalArgumentException("no JSON at " + at);
        }

        static String write(Object v) {
            StringBuilder b = new StringBuilder();
            write(b, v);
            return b.toString();
        }

        private static void write(StringBuilder b, Object v) {
            if (v instanceof Map<?, ?> m) {
                String next = "{";
                for (Map.Entry<?, ?> e : m.entrySet()) {
                    b.append(next);
                    write(b, e.getKey());
                    b.append(':');
                    write(b, e.getValue());
                    next = ",";
                }
                b.append(m.isEmpty() ? "{}" : "}");
            } else if (v instanceof List<?> l) {
                String next = "[";
                for (Object x : l) {
                    b.append(next);
                    write(b, x);
                    next = ",";
                }
                b.append(l.isEmpty() ? "[]" : "]");
            } else if (v instanceof String s) {
                b.append('"');
                for (char c : s.toCharArray()) {
                    if (c == '"' || c == '\\') {
                        b.append('\\').append(c);
                    } else if (c < 0x20) {
                        b.append(String.format("\\u%04x", (int) c));
                    } else {
                        b.append(c);
                    }
                }
                b.append('"');
            } else if (v instanceof Double d && d == Math.rint(d) && Math.abs(d) < 1e15) {
                b.append(d.longValue()); // the service wants whole numbers without a point
            } else {
                b.append(v);
            }
        }
    }
}
