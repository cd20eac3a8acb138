package dev.twofold.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

/** What a terminal shows of a model whose layers lose too much side by side, such as Gemma 3 270M. */
final class InspectionTableTest {

    private static final String MODEL = """
            "model": {"name": "m", "layers": 18, "hiddenSize": 640, "attentionHeads": 4, "kvHeads": 1, "parameters": 1},
            "measurement": {"tokens": 1, "text": "prose", "basePerplexity": 40, "baseLoss": 3.7},
            "rewrites": [], "layers": [], "plans": [], "windows": [], "recommended": []""";

    /** What was measured has numbers that are none. */
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    private static String printed(String more) throws IOException {
        StringWriter text = new StringWriter();
        new InspectionTable(MAPPER.readTree("{" + MODEL + more + "}")).print(new PrintWriter(text));
        return text.toString();
    }

    private static String stepPlan(int saved, double rise) {
        return """
            {"stepsSaved": %d, "merges": ["15F-16A"], "predictedKl": 0, "kl": 0, "perplexityIncrease": %s,
             "command": "twofold convert m --steps %d"}""".formatted(saved, rise, saved);
    }

    @Test
    void merged_steps_are_named_where_no_pairs_are_within_the_limit() throws IOException {
        String plans = stepPlan(2, 0.026) + "," + stepPlan(4, 0.071) + "," + stepPlan(7, 0.254);
        assertThat(printed(", \"stepPlans\": [" + plans + "]")).endsWith("""
                        No plan of pairs keeps the perplexity within 10%.
                        within 10% by merged steps: 4 steps fewer, +7.10%, not checked on another text
                          twofold convert m --steps 4
                        """);
    }

    @Test
    void merged_steps_whose_rise_is_no_number_are_not_named() throws IOException {
        assertThat(printed(", \"stepPlans\": [" + stepPlan(2, 0.026) + "," + stepPlan(9, Double.NaN) + "]"))
                .contains("within 10% by merged steps: 2 steps fewer");
        assertThat(printed(", \"stepPlans\": [" + stepPlan(9, Double.NaN) + "]"))
                .endsWith("No plan of pairs keeps the perplexity within 10%.\n");
    }

    @Test
    void nothing_is_named_where_nothing_was_measured() throws IOException {
        assertThat(printed("")).contains("4 heads, 1 KV head,").endsWith("No plan keeps the perplexity within 10%.\n");
    }
}
