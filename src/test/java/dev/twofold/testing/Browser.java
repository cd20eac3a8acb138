package dev.twofold.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** The system's Chromium without a window; nothing is downloaded. */
public final class Browser implements AutoCloseable {

    /** Set where a missing browser must fail the tests that need one, as in continuous integration. */
    private static final String REQUIRED = "TWOFOLD_REQUIRE_BROWSER";

    /** Held, for a logger that nobody holds forgets its level. It only says that this Chromium is newer than itself. */
    private static final Logger SELENIUM = Logger.getLogger("org.openqa.selenium");

    private final ChromeDriver driver;

    private Browser(ChromeDriver driver) {
        this.driver = driver;
    }

    /** Starts it, or skips the test that asks with a message on standard error. */
    public static Browser start() {
        Optional<Path> binary = find("chromium", "chromium-browser", "google-chrome");
        Optional<Path> control = find("chromedriver");
        if (binary.isEmpty() || control.isEmpty()) {
            String message = "no chromium with chromedriver on the PATH: nothing is tested in a browser"
                    + " (Debian: apt-get install chromium chromium-driver)";
            if (System.getenv(REQUIRED) != null) {
                throw new AssertionError(message + "; " + REQUIRED + " is set");
            }
            System.err.println("SKIPPED: " + message);
            Assumptions.abort(message);
        }
        SELENIUM.setLevel(Level.SEVERE);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(binary.orElseThrow().toString());
        options.addArguments(
                "--headless=new",
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--hide-scrollbars",
                "--disable-background-networking",
                "--force-color-profile=srgb");
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        logs.enable(LogType.PERFORMANCE, Level.ALL);
        options.setCapability("goog:loggingPrefs", logs);
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(control.orElseThrow().toFile())
                .build();
        return new Browser(new ChromeDriver(service, options));
    }

    private static Optional<Path> find(String... names) {
        return Stream.of(names)
                .flatMap(name -> Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .map(directory -> Path.of(directory, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Opens a file in a window of a size, in a colour scheme: light or dark. */
    public void open(Path page, int width, int height, String scheme) {
        size(width, height);
        scheme(scheme);
        problems();
        driver.get(page.toUri().toString());
    }

    /** Opens a page of a server. */
    public void open(URI page) {
        problems();
        driver.get(page.toString());
    }

    public void size(int width, int height) {
        command(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
    }

    /** Changes what the page is told of the reader's preference. */
    public void scheme(String scheme) {
        command(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
        settle();
    }

    /** What a script returns, waiting for a promise. */
    public Object run(String script) {
        return driver.executeScript(script);
    }

    public long number(String script) {
        return ((Number) run(script)).longValue();
    }

    public String text(String script) {
        return String.valueOf(run(script));
    }

    /** Moves the mouse to a place in the window. */
    public void hover(long x, long y) {
        command("Input.dispatchMouseEvent", Map.of("type", "mouseMoved", "x", x, "y", y));
        settle();
    }

    /** Clicks as a reader does, which lets a page use the clipboard. */
    public void click(String selector) {
        String box = "document.querySelector('" + selector + "').getBoundingClientRect()";
        long x = number("return Math.round(" + box + ".left + 10)");
        long y = number("return Math.round(" + box + ".top + 10)");
        for (String type : List.of("mousePressed", "mouseReleased")) {
            command(
                    "Input.dispatchMouseEvent",
                    Map.of("type", type, "x", x, "y", y, "button", "left", "clickCount", 1));
        }
        settle();
    }

    /** Waits until the page has reacted and is drawn. */
    public void settle() {
        run("return new Promise((done) => setTimeout(() => requestAnimationFrame(() => done()), 150))");
    }

    public Map<String, Object> command(String name, Map<String, Object> parameters) {
        return driver.executeCdpCommand(name, parameters);
    }

    /** Everything since the last call that a page without faults does not do: messages, and requests but for itself. */
    public List<String> problems() {
        List<String> problems = new ArrayList<>();
        driver.manage().logs().get(LogType.BROWSER).forEach(entry -> problems.add(entry.toString()));
        driver.manage().logs().get(LogType.PERFORMANCE).forEach(entry -> {
            JsonNode message = parse(entry.getMessage()).get("message");
            String url = message.at("/params/request/url").asText();
            boolean own = message.at("/params/type").asText().equals("Document") && url.startsWith("file:");
            if (message.get("method").asText().equals("Network.requestWillBeSent")
                    && !own
                    && !url.startsWith("data:")) {
                problems.add("request: " + url);
            }
        });
        return problems;
    }

    private static JsonNode parse(String json) {
        try {
            return new ObjectMapper().readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Saves what is in the window. */
    public void screenshot(Path file) {
        save(file, command("Page.captureScreenshot", Map.of("format", "png")));
    }

    /** Saves an element, wherever on the page it is. */
    public void screenshot(Path file, String selector) {
        String box = "document.querySelector('" + selector + "').getBoundingClientRect()";
        Map<String, Object> clip = Map.of(
                "x",
                number("return Math.floor(" + box + ".left)"),
                "y",
                number("return Math.floor(" + box + ".top + window.scrollY)"),
                "width",
                number("return Math.ceil(" + box + ".width)"),
                "height",
                number("return Math.ceil(" + box + ".height)"),
                "scale",
                1);
        save(
                file,
                command(
                        "Page.captureScreenshot",
                        Map.of("format", "png", "captureBeyondViewport", true, "clip", clip)));
    }

    /** Saves the page on A4. */
    public void print(Path file) {
        save(file, command("Page.printToPDF", Map.of("preferCSSPageSize", true, "printBackground", false)));
    }

    private static void save(Path file, Map<String, Object> answer) {
        try {
            Files.createDirectories(file.getParent());
            Files.write(file, Base64.getDecoder().decode((String) answer.get("data")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        driver.quit();
    }
}
