package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.testing.Browser;
import dev.twofold.testing.FileServer;
import dev.twofold.testing.Novels;
import dev.twofold.testing.TransformersJs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The trained model in stock transformers.js, in Node.js and in a page: the text of {@code generate}. */
final class TransformersJsTest {

    private static final String PROMPT = "The old man walked to the window and";
    private static final int COUNT = 24;
    private static final Duration LIMIT = Duration.ofMinutes(2);

    @TempDir
    private static Path directory;

    private static Path base;
    private static Path paired;
    private static Path merged;

    @BeforeAll
    static void convert() {
        TransformersJs.require();
        base = convert("base", "--window", "0:0", "--types", "fp32,fp16");
        // Caches of two sizes.
        paired = convert("paired", "--window", "4:14", "--kv-layout", "wide", "--types", "fp32,q4,q4f16");
        merged = convert("merged", "--merge", "5A-5F,6A-7A", "--types", "fp32,q8");
    }

    private static Path convert(String name, String... options) {
        Path output = directory.resolve(name);
        List<Object> words = new ArrayList<>(List.of("convert", Novels.CHECKPOINT, "-o", output));
        words.addAll(List.of(options));
        // Kernels in int8 differ from one version of ONNX Runtime to another.
        words.addAll(List.of("--layout", "transformersjs", "--accuracy-level", "1", "--no-load", "--quiet"));
        CommandRun.succeeding(words.toArray());
        return output;
    }

    private static String generated(Path model) {
        return CommandRun.succeeding("generate", model, "--prompt", PROMPT, "--max-tokens", COUNT, "--quiet")
                .out()
                .strip();
    }

    @Test
    void writes_the_same_text_in_node() throws Exception {
        TransformersJs library = TransformersJs.start();
        Map<Path, List<String>> all = Map.of(
                base, List.of("fp32", "fp16"), paired, List.of("fp32", "q4", "q4f16"), merged, List.of("fp32", "q8"));
        Map<String, String> files = Map.of(
                "fp32",
                "model.onnx",
                "fp16",
                "model_fp16.onnx",
                "q4",
                "model_q4.onnx",
                "q4f16",
                "model_q4f16.onnx",
                "q8",
                "model_quantized.onnx");
        List<String> expected = new ArrayList<>();
        all.forEach((output, types) -> types.forEach(type -> {
            library.model(output, type, COUNT, PROMPT);
            expected.add(generated(output.resolve("onnx").resolve(String.valueOf(files.get(type)))));
        }));
        List<TransformersJs.Result> results = library.run();
        assertThat(results).extracting(TransformersJs.Result::error).containsOnly("");
        assertThat(results).extracting(result -> result.texts().get(0).strip()).containsExactlyElementsOf(expected);
    }

    @Test
    void rows_that_are_filled_up_on_the_left_are_written_as_they_are_alone() throws Exception {
        TransformersJs library = TransformersJs.start();
        library.model(paired, "", COUNT, PROMPT, "It was");
        library.model(paired, "", COUNT, PROMPT);
        library.model(paired, "", COUNT, "It was");
        List<TransformersJs.Result> results = library.run();
        assertThat(results).extracting(TransformersJs.Result::error).containsOnly("");
        assertThat(results.get(0).texts())
                .containsExactly(
                        results.get(1).texts().get(0), results.get(2).texts().get(0));
    }

    @Test
    void a_type_that_is_not_there_is_an_error() throws Exception {
        TransformersJs library = TransformersJs.start();
        library.model(base, "q4", COUNT, PROMPT);
        assertThat(library.run().get(0).error()).contains("onnx/model_q4.onnx");
    }

    @Test
    void the_manual_shows_the_page_that_is_tested() throws IOException {
        assertThat(Files.readString(Path.of("docs", "transformersjs.md")))
                .contains("```html\n" + Files.readString(TransformersJs.TOOL.resolve("page.html")) + "```");
    }

    /** The page of the manual, with nothing but files of its own server. */
    @Test
    void writes_the_same_text_in_a_page() throws Exception {
        try (FileServer server = new FileServer(TransformersJs.TOOL, Map.of("models/model", paired));
                Browser browser = Browser.start()) {
            browser.open(server.page("page.html?device=wasm&dtype=q4&tokens=" + COUNT));
            long end = System.nanoTime() + LIMIT.toNanos();
            String status = "";
            while (!status.equals("done") && !status.startsWith("failed") && System.nanoTime() < end) {
                browser.settle();
                status = browser.text("return document.getElementById('status').textContent");
            }
            assertThat(status).isEqualTo("done");
            assertThat(browser.text("return document.getElementById('text').textContent")
                            .strip())
                    .isEqualTo(generated(paired.resolve("onnx/model_q4.onnx")));
            assertThat(browser.problems())
                    .filteredOn(problem -> problem.startsWith("request: "))
                    .isNotEmpty()
                    .allMatch(problem -> problem.startsWith("request: " + server.page(""))
                            || problem.startsWith("request: blob:" + server.page("")));
        }
    }
}
