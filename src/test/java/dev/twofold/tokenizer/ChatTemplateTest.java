package dev.twofold.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Chat templates, next to what transformers makes of them. */
final class ChatTemplateTest {

    private static String resource(String name) throws IOException {
        try (InputStream in = ChatTemplateTest.class.getResourceAsStream("/chat/" + name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @TestFactory
    List<DynamicTest> every_template_says_what_transformers_makes_of_it() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        JsonNode goldens = new ObjectMapper().readTree(resource("goldens.json"));
        goldens.properties().forEach(entry -> {
            for (int i = 0; i < entry.getValue().size(); i++) {
                JsonNode golden = entry.getValue().get(i);
                tests.add(DynamicTest.dynamicTest(
                        entry.getKey() + " " + i, () -> compare(resource(entry.getKey() + ".jinja"), golden)));
            }
        });
        assertThat(tests).hasSize(18);
        return tests;
    }

    private static void compare(String template, JsonNode golden) {
        String variables = golden.path("variables").textValue();
        if (golden.has("refused")) {
            assertThatThrownBy(() -> ChatTemplate.render(template, variables))
                    .hasMessageContaining(golden.path("refused").textValue());
        } else {
            assertThat(ChatTemplate.render(template, variables))
                    .isEqualTo(golden.path("text").textValue());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for a in [1, 2] if a > 1 %}{{ a }}{% endfor %}",
                "{{ 'a'.no_such_method() }}",
                "{{ no_such_function() }}",
                "{{ 'a' | no_such_filter }}",
                "{% no_such_tag %}",
                "{{ {'a': 1} | tojson(indent=2) }}",
                "{% include 'x' %}",
                "{{ 'a",
                "{{ strftime_now('%q') }}"
            })
    void what_is_not_known_is_refused_and_leaves_no_gap(String template) {
        assertThatThrownBy(() -> ChatTemplate.render(template, "{}")).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"''.getClass()", "''.class.name", "messages.getClass().getName()"})
    void a_template_does_not_get_at_java(String expression) {
        String rendered;
        try {
            rendered = ChatTemplate.render("{{ " + expression + " }}", "{\"messages\": []}");
        } catch (IllegalArgumentException e) {
            return;
        }
        assertThat(rendered).isEmpty();
    }
}
