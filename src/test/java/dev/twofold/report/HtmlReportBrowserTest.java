package dev.twofold.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.testing.Browser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The report in Chromium, opened as a file. Screenshots stay in {@code target/report-screenshots}. */
final class HtmlReportBrowserTest {

    private static final Path SCREENSHOTS = Path.of("target", "report-screenshots");

    /** Marks in a chart: shapes of some size that are drawn in a colour. */
    private static final String MARKS = """
            return [...document.querySelectorAll('#chart-%s svg path')].filter((path) => {
              const { width, height } = path.getBoundingClientRect();
              const { fill, stroke } = getComputedStyle(path);
              return width + height > 1 && (fill !== 'none' || stroke !== 'none');
            }).length;
            """;

    private static Browser browser;

    @TempDir
    private Path directory;

    @BeforeAll
    static void start() {
        browser = Browser.start();
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
    }

    @AfterEach
    void the_page_reports_no_problem_and_asks_for_nothing() {
        assertThat(browser.problems()).isEmpty();
    }

    private void open(ObjectNode document, int width, int height, String scheme) throws IOException {
        Path page = Files.writeString(directory.resolve("report.html"), HtmlReport.render(document));
        browser.open(page, width, height, scheme);
    }

    @ParameterizedTest
    @CsvSource({"light,16", "dark,16", "light,8", "light,40", "dark,80"})
    void every_chart_is_drawn(String scheme, int layers) throws IOException {
        open(layers == 16 ? Documents.sample() : Documents.deep(layers), 1280, 800, scheme);

        // points of two series and their lines
        assertThat(marks("frontier")).isGreaterThan(18);
        assertThat(marks("pairs")).isGreaterThan(2 * (layers - 1));
        assertThat(marks("groups")).isGreaterThan(20);
        assertThat(marks("influence")).isGreaterThan(2 * layers);
        assertThat(marks("prediction")).isGreaterThan(16);
        for (String matrix : List.of("similarity", "angular", "cka")) {
            assertThat(marks(matrix)).as(matrix).isGreaterThanOrEqualTo((long) layers * layers);
        }
        assertThat(marks("dependency")).isGreaterThan(layers * (layers - 1L) / 3);
        assertThat(browser.number("return document.querySelectorAll('.chart').length"))
                .isEqualTo(9);
        assertThat(browser.number("return document.querySelectorAll('.chart[role=img][aria-label]').length"))
                .isEqualTo(9);
        assertThat(browser.number("return document.documentElement.scrollWidth"))
                .isLessThanOrEqualTo(1280);
        screenshots(scheme + "-" + layers + "-layers");
    }

    private static long marks(String chart) {
        return browser.number(MARKS.formatted(chart));
    }

    private static void screenshots(String name) {
        browser.screenshot(SCREENSHOTS.resolve(name + "-first-screen.png"));
        browser.size(1280, (int) browser.number("return document.documentElement.scrollHeight"));
        browser.screenshot(SCREENSHOTS.resolve(name + "-full-page.png"));
    }

    @Test
    void the_first_screen_holds_what_a_decision_needs() throws IOException {
        open(Documents.sample(), 1280, 800, "light");

        assertThat(text("#verdict h2")).isEqualTo("Effective depth 10 instead of 16, for +1.44% perplexity");
        assertThat(text("#verdict")).contains("\u00b1 0.21%", "held-out text", "alice.txt", "+1.48%");
        assertThat(text("#verdict code"))
                .isEqualTo("twofold convert testmodels/novels-13m -o novels-13m-d10"
                        + " --pairs 2-3,4-5,6-7,8-9,10-11,12-13");
        assertThat(browser.number(
                        "return Math.ceil(document.querySelector('#decision').getBoundingClientRect().bottom)"))
                .isLessThanOrEqualTo(800);
    }

    @Test
    void another_limit_shows_another_plan() throws IOException {
        open(Documents.sample(), 1280, 800, "light");
        browser.run("document.querySelector('#limits input[value=\"0.03\"]').click()");

        assertThat(text("#verdict h2")).isEqualTo("Effective depth 9 instead of 16, for +1.69% perplexity");
        assertThat(text("#chart-frontier")).contains("limit 3%");
    }

    @Test
    void the_command_is_copied_from_a_file() throws IOException {
        open(Documents.sample(), 1280, 800, "light");
        browser.command("Browser.grantPermissions", Map.of("permissions", List.of("clipboardReadWrite")));
        // Browsers that refuse the clipboard to files must be served too.
        browser.run("navigator.clipboard.writeText = () => Promise.reject(new Error('refused'))");
        browser.click("#verdict .copy");

        assertThat(text("#announcement")).isEqualTo("Command copied");
        assertThat(browser.text("return navigator.clipboard.readText()")).isEqualTo(text("#verdict code"));
    }

    @Test
    void both_tables_have_their_rows_and_headers() throws IOException {
        open(Documents.sample(), 1280, 800, "light");

        assertThat(browser.number("return document.querySelectorAll('#recommended tbody tr').length"))
                .isEqualTo(4);
        assertThat(browser.number("return document.querySelectorAll('#plans tbody tr').length"))
                .isEqualTo(17);
        assertThat(browser.number("return document.querySelectorAll('#plans tbody tr > th[scope=row]').length"))
                .isEqualTo(17);
        assertThat(browser.number("return [...document.querySelectorAll('thead th')].filter((th) =>"
                        + " th.scope !== 'col').length"))
                .isZero();
        browser.run("document.querySelectorAll('details').forEach((details) => { details.open = true; })");
        browser.settle();
        assertThat(browser.number("return document.querySelectorAll('#numbers-pairs tbody tr').length"))
                .isEqualTo(15);
        assertThat(browser.number("return document.querySelectorAll('#numbers-cka tbody td').length"))
                .isEqualTo(256);
    }

    @Test
    void a_cell_says_its_layers_when_the_mouse_is_on_it() throws IOException {
        open(Documents.sample(), 1280, 800, "light");
        browser.run("document.querySelector('#chart-dependency').scrollIntoView({ block: 'center' })");
        long left =
                browser.number("return document.querySelector('#chart-dependency').getBoundingClientRect().left | 0");
        long bottom =
                browser.number("return document.querySelector('#chart-dependency').getBoundingClientRect().bottom | 0");
        browser.hover(left + 58, bottom - 58);

        assertThat(text("#chart-dependency .tip")).startsWith("layer 15 on layer 0dependency0.");
    }

    @ParameterizedTest
    @CsvSource({"light,1280", "dark,1280", "light,380"})
    void compensation_is_drawn(String scheme, int width) throws IOException {
        open(Documents.compensated(), width, 800, scheme);

        assertThat(texts("#compensation .failed")).isEmpty();
        // 6 lines of 7 or 8 points, of which two lines lack one
        assertThat(marks("compensation")).isGreaterThan(6 + 6 * 7);
        assertThat(browser.number("return document.querySelectorAll('.chart').length"))
                .isEqualTo(10);
        assertThat(text("#chart-compensation"))
                .contains("dropped layers", "window + compensate", "chosen + rescale", "chosen + compensate")
                .contains("+1,420%", "limit 1%");
        assertThat(browser.number("return document.documentElement.scrollWidth"))
                .isLessThanOrEqualTo(width);
        browser.size(width, (int) browser.number("return document.documentElement.scrollHeight"));
        browser.screenshot(SCREENSHOTS.resolve("compensation-" + scheme + "-" + width + ".png"), "#compensation");
    }

    @Test
    void compensation_has_a_row_for_each_plan_by_depth() throws IOException {
        open(Documents.compensated(), 1280, 800, "light");

        assertThat(browser.number("return document.querySelectorAll('#compensations tbody').length"))
                .isEqualTo(8);
        assertThat(texts("#compensations tbody:last-child tr"))
                .containsExactly(
                        "8Chosen--pairs 1-2,3-4,5-8,9-11,12-13+1.56%+1.28%+0.62%60%",
                        "Window--window 0:16+357%\u2013+22.0%94%",
                        "Droppedlayers 2,3,4,5,7,8,9,10+1,420%\u2013\u2013\u2013");
        assertThat(texts("#compensations tbody:nth-of-type(1) tr"))
                .containsExactly(
                        "15Chosen--pairs 9-10+0.00%+0.00%\u22120.12%\u2013", "Droppedlayers 2+2.00%\u2013\u2013\u2013");
        assertThat(text("#compensation-texts"))
                .isEqualTo("Fitted to 24,576 tokens of calibration.txt, bundled with Twofold, measured on 4,096 of"
                        + " alice.txt, bundled with Twofold, a different work.");
    }

    @Test
    void compensation_says_how_shallow_a_model_gets_within_the_limit() throws IOException {
        open(Documents.compensated(), 1280, 800, "light");

        assertThat(text("#compensation-reach"))
                .isEqualTo("Least depth within 1%: chosen plans 11 as they are, 11 with rescale, 8 with compensate;"
                        + " windows 11 and 9 with compensate; dropped layers none.");
        browser.run("document.querySelector('#limits input[value=\"0.03\"]').click()");
        assertThat(text("#compensation-reach")).startsWith("Least depth within 3%: chosen plans 8 as they are");
        assertThat(text("#chart-compensation")).contains("limit 3%");
    }

    @Test
    void a_depth_says_all_its_numbers_when_the_mouse_is_on_it() throws IOException {
        open(Documents.compensated(), 1280, 800, "light");
        browser.run("document.querySelector('#chart-compensation').scrollIntoView({ block: 'center' })");
        String box = "document.querySelector('#chart-compensation').getBoundingClientRect()";
        // nine depths between the axes, of which the tenth is the second
        long x = browser.number("return Math.round(" + box + ".left + 66 + (" + box + ".width - 78) * 2.5 / 9)");
        browser.hover(x, browser.number("return Math.round(" + box + ".top + 200)"));

        assertThat(text("#chart-compensation .tip"))
                .isEqualTo("depth 10as it is+ rescale+ compensatewon back"
                        + "Chosen+1.48%+1.21%+0.31%79%--pairs 2-3,4-5,6-7,8-9,10-11,12-13"
                        + "Window+1.48%+1.18%+0.31%79%--window 2:14"
                        + "Dropped+31.0%\u2013\u2013\u2013layers 2,3,5,8,9,10");
        browser.screenshot(SCREENSHOTS.resolve("compensation-tip.png"));
    }

    @Test
    void merged_steps_are_shown_with_their_plans_and_the_speed_of_a_machine() throws IOException {
        open(Documents.merged(), 1280, 800, "light");

        assertThat(marks("merges")).isGreaterThanOrEqualTo(31 + 30);
        assertThat(browser.number("return document.querySelectorAll('#step-plans tbody tr').length"))
                .isEqualTo(3);
        assertThat(text("#step-plans tbody tr")).contains("0A-0F 1A-1F 2A-2F 3A-3F", "+4.00%", "98.0%");
        assertThat(texts("#machine option").toString()).contains("h100-sxm", "h100-sxm \u00d7 2");
        long before = marks("speed");
        assertThat(before).isGreaterThan(3);
        String ticks = text("#chart-speed");
        browser.run("const machine = document.querySelector('#machine'); machine.value = 1;"
                + " machine.dispatchEvent(new Event('change'))");
        browser.settle();
        assertThat(text("#chart-speed")).isNotEqualTo(ticks);
        assertThat(texts(".failed")).isEmpty();
        screenshots("merged");
    }

    @Test
    void without_merges_there_is_no_such_section() throws IOException {
        open(Documents.sample(), 1280, 800, "light");

        assertThat(texts("#merges, #speed")).isEmpty();
    }

    @Test
    void without_compensation_there_is_no_such_section() throws IOException {
        open(Documents.sample(), 1280, 800, "light");

        assertThat(texts("#compensation, #chart-compensation, #compensations")).isEmpty();
        browser.run("document.querySelector('#limits input[value=\"0.03\"]').click()");
        assertThat(texts(".failed")).isEmpty();
    }

    @Test
    void compensation_is_printed_on_light_paper() throws IOException {
        open(Documents.compensated(), 1280, 800, "light");
        String muted =
                browser.text("return document.querySelector('#chart-compensation svg text').getAttribute('fill')");
        browser.scheme("dark");
        browser.run("window.addEventListener('beforeprint', () => { window.printed = document.querySelector("
                + "'#chart-compensation svg').getBoundingClientRect().width + ' ' + document.querySelector("
                + "'#chart-compensation svg text').getAttribute('fill'); })");
        browser.print(SCREENSHOTS.resolve("compensation-printed-from-dark.pdf"));

        assertThat(browser.text("return window.printed")).isEqualTo("700 " + muted);
    }

    @Test
    void colours_follow_the_scheme_and_paper_is_light() throws IOException {
        open(Documents.sample(), 1280, 800, "light");
        String light = legend();
        String background = background();
        browser.scheme("dark");

        assertThat(legend()).isNotEqualTo(light);
        assertThat(background()).isNotEqualTo(background);

        browser.run("window.addEventListener('beforeprint', () => { window.printed = document.querySelector("
                + "'#chart-frontier svg text').getAttribute('fill'); })");
        browser.print(SCREENSHOTS.resolve("printed-from-dark.pdf"));
        assertThat(browser.text("return window.printed")).isEqualTo(light);
        assertThat(legend()).isNotEqualTo(light);
    }

    private static String legend() {
        return browser.text("return document.querySelector('#chart-frontier svg text').getAttribute('fill')");
    }

    private static String background() {
        return browser.text("return getComputedStyle(document.body).backgroundColor");
    }

    @ParameterizedTest
    @ValueSource(ints = {380, 700, 1000})
    void a_narrow_window_needs_no_sideways_scrolling(int width) throws IOException {
        open(Documents.sample(), width, 800, "light");

        assertThat(browser.number("return document.documentElement.scrollWidth"))
                .isLessThanOrEqualTo(width);
        assertThat(marks("frontier")).isGreaterThan(18);
        browser.size(width, (int) browser.number("return document.documentElement.scrollHeight"));
        browser.screenshot(SCREENSHOTS.resolve("width-" + width + ".png"));
    }

    @Test
    void hostile_names_are_shown_as_they_are() throws IOException {
        open(Documents.hostile(), 1280, 800, "light");

        assertThat(text("#model")).isEqualTo(Documents.HOSTILE);
        assertThat(text("#verdict code")).isEqualTo(Documents.HOSTILE);
        assertThat(browser.text("return typeof window.hacked")).isEqualTo("undefined");
        assertThat(browser.number("return document.querySelectorAll('body img').length"))
                .isZero();
        assertThat(browser.number("return document.documentElement.scrollWidth"))
                .isLessThanOrEqualTo(1280);
    }

    @Test
    void a_document_without_plans_is_a_page_without_plans() throws IOException {
        open(Documents.bare(), 1280, 800, "light");

        assertThat(text("#verdict h2")).isEqualTo("No plan within 1%");
        assertThat(text("#recommended")).contains("No plan");
        assertThat(browser.number("return document.querySelectorAll('.failed[role=alert]').length"))
                .isZero();
    }

    @Test
    void where_no_pairs_are_within_the_limit_merged_steps_are_named() throws IOException {
        ObjectNode document = Documents.merged();
        document.putArray("recommended");
        double[] rises = {0.004, 0.009, 0.011};
        for (int i = 0; i < rises.length; i++) {
            ((ObjectNode) document.get("stepPlans").get(i))
                    .put("perplexityIncrease", rises[i])
                    .put("command", "twofold convert x -o y --merge " + i);
        }
        open(document, 1280, 800, "light");

        assertThat(text("#verdict")).contains("No plan within 1%", "8 steps fewer for +0.90%", "not checked");
        assertThat(text("#verdict code")).isEqualTo("twofold convert x -o y --merge 1");
    }

    @Test
    void merged_steps_beyond_the_limit_are_not_named_with_it() throws IOException {
        ObjectNode document = Documents.merged();
        document.putArray("recommended");
        open(document, 1280, 800, "light");

        assertThat(text("#verdict")).contains("No plan within 1%").doesNotContain("steps fewer");
        assertThat(texts("#verdict code, .failed")).isEmpty();
    }

    @Test
    void a_loss_beyond_all_numbers_leaves_the_rest_readable() throws IOException {
        open(Documents.partial(), 1280, 800, "light");

        assertThat(text("#verdict h2")).startsWith("Effective depth 10");
        assertThat(text("#verdict")).contains("not measured");
        assertThat(text("#chart-frontier")).contains("+1.0e+172%", "+100%").doesNotContain("+10000%");
        assertThat(marks("frontier")).isGreaterThan(16);
        browser.screenshot(SCREENSHOTS.resolve("catastrophe-first-screen.png"));
    }

    @SuppressWarnings("unchecked")
    private static List<String> texts(String selector) {
        return (List<String>) browser.run(
                "return [...document.querySelectorAll(" + quoted(selector) + ")].map((found) => found.textContent)");
    }

    private static String text(String selector) {
        return browser.text("return document.querySelector(" + quoted(selector) + ").textContent");
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "\\'") + "'";
    }
}
