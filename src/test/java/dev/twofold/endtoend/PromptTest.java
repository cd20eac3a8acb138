package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.testing.TinyLlama;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What generate takes for a prompt. */
final class PromptTest {

    @TempDir
    private static Path directory;

    private static Path model = Path.of("");

    @BeforeAll
    static void convert() throws IOException {
        model = converted(
                "talking",
                "{\"bos_token\": \"w1\", \"chat_template\": \"{{ bos_token }} w9 {% for m in messages %}"
                        + "{% if m.role == 'system' %}w10 {% endif %}{{ m.content }} {% endfor %}w11\\n\"}");
    }

    private static Path converted(String name, String tokenizerConfig) throws IOException {
        Path checkpoint = TinyLlama.create()
                .wordsAfterBeginToken()
                .file("tokenizer_config.json", tokenizerConfig)
                .write(directory.resolve(name + "-checkpoint"));
        Path output = directory.resolve(name);
        CommandRun.succeeding("convert", checkpoint, "-o", output, "--window", "0:0", "--quiet");
        return output;
    }

    private static CommandRun generate(Object... options) {
        List<Object> arguments = new ArrayList<>(List.of("generate", model, "--max-tokens", 6, "--quiet"));
        arguments.addAll(Arrays.asList(options));
        return CommandRun.of(arguments.toArray());
    }

    private static String written(Object... options) {
        CommandRun run = generate(options);
        assertThat(run.exitCode()).as(run.err()).isZero();
        return run.out();
    }

    @ParameterizedTest
    @ValueSource(strings = {"@@ -1 w5", "--help w5", "--help", "-1 w5", "--max-tokens", "${user.home} w5", "'w5'"})
    void a_prompt_is_text_whatever_it_looks_like(String text) throws IOException {
        Path file = Files.writeString(directory.resolve("prompt.txt"), text);
        String expected = written("--prompt-file", file);
        assertThat(written("--prompt=" + text)).isEqualTo(expected);
        assertThat(written("--prompt", text)).isEqualTo(expected);
    }

    @Test
    void a_prompt_that_names_a_file_is_not_that_file() throws IOException {
        Path file = Files.writeString(directory.resolve("arguments.txt"), "--no-such-option");
        Path name = Files.writeString(directory.resolve("prompt.txt"), "@" + file);
        assertThat(written("--prompt", "@" + file)).isEqualTo(written("--prompt-file", name));
    }

    @Test
    void a_file_is_read_without_byte_order_mark_line_ends_of_windows_and_its_last_line_feed() throws IOException {
        Path file = Files.writeString(directory.resolve("prompt.txt"), "\ufeffw5 w6\r\nw7\r\n");
        assertThat(written("--prompt-file", file)).isEqualTo(written("--prompt", "w5 w6\nw7"));
    }

    @Test
    void a_minus_stands_for_standard_input() {
        InputStream usual = System.in;
        System.setIn(new ByteArrayInputStream("w5 w6\n".getBytes(StandardCharsets.UTF_8)));
        try {
            assertThat(written("--prompt-file", "-")).isEqualTo(written("--prompt", "w5 w6"));
        } finally {
            System.setIn(usual);
        }
    }

    @Test
    void one_prompt_is_needed() {
        assertThat(generate().err()).contains("there is no prompt", "--prompt-file");
        assertThat(generate("--prompt", "w5", "--prompt-file", "-").exitCode()).isEqualTo(2);
        assertThat(generate("--prompt", "w5", "--system", "w6").exitCode()).isEqualTo(2);
    }

    /** The tokenizer puts w1 before a text by itself, and the template says it: there must be one. */
    @Test
    void chat_puts_the_message_into_the_words_of_the_template() {
        assertThat("w1 w9 w5 w6 w11" + written("--prompt", "w5 w6", "--chat"))
                .isEqualTo(written("--prompt", "w9 w5 w6 w11"));
        assertThat("w1 w9 w10 w7 w5 w6 w11" + written("--prompt", "w5 w6", "--chat", "--system", "w7"))
                .isEqualTo(written("--prompt", "w9 w10 w7 w5 w6 w11"));
    }

    @Test
    void a_template_of_its_own_file_comes_first() throws IOException {
        Path other = converted("own", "{\"chat_template\": \"w9\"}");
        Files.writeString(other.resolve("chat_template.jinja"), "w12 {{ messages[0].content }}");
        CommandRun chat =
                CommandRun.succeeding("generate", other, "--prompt", "w5", "--chat", "--max-tokens", 6, "--quiet");
        CommandRun text = CommandRun.succeeding("generate", other, "--prompt", "w5", "--max-tokens", 6, "--quiet");
        assertThat(chat.out()).isNotEqualTo(text.out());
    }

    @Test
    void a_model_without_a_template_and_one_that_refuses_say_so() throws IOException {
        CommandRun none = CommandRun.of("generate", converted("silent", "{}"), "--prompt", "w5", "--chat");
        assertThat(none.exitCode()).isEqualTo(3);
        assertThat(none.err()).contains("the model has no chat template", "leave out --chat");
        Path strict = converted("strict", "{\"chat_template\": \"{{ raise_exception('ask nicely') }}\"}");
        CommandRun refused = CommandRun.of("generate", strict, "--prompt", "w5", "--chat");
        assertThat(refused.exitCode()).isEqualTo(3);
        assertThat(refused.err()).contains("the chat template cannot be rendered", "ask nicely");
    }
}
