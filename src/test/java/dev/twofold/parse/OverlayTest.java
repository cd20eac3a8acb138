package dev.twofold.parse;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class OverlayTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{a: 1}            | {b: 2}              | {a: 1, b: 2}",
                "{a: 1}            | {a: 2}              | {a: 2}",
                "{a: {b: 1, c: 2}} | {a: {c: 3, d: 4}}   | {a: {b: 1, c: 3, d: 4}}",
                "{a: [1, 2]}       | {a: [3]}            | {a: [3]}",
                "{a: {b: 1}}       | {a: 2}              | {a: 2}",
                "{a: 2}            | {a: {b: null}}      | {a: {b: null}}",
                "{a: {b: 1, c: 2}} | {a: {b: null}}      | {a: {c: 2}}",
                "{a: {b: 1}}       | {a: null}           | {}",
                "{}                | {a: null}           | {a: null}",
                "{a: null}         | {a: null}           | {a: null}",
                "{a: null}         | {a: 1}              | {a: 1}",
                "{a: {b: {c: 1}}}  | {a: {b: {c: null}}} | {a: {b: {}}}"
            })
    void mappings_merge_and_all_else_replaces(String inherited, String own, String both) {
        assertThat(Overlay.of(tree(inherited), tree(own))).isEqualTo(tree(both));
    }

    @Test
    void what_is_inherited_stays_as_it_was() {
        ObjectNode inherited = tree("{a: {b: 1}}");
        Overlay.of(inherited, tree("{a: {b: null, c: 2}}"));
        assertThat(inherited).isEqualTo(tree("{a: {b: 1}}"));
    }

    private static ObjectNode tree(String text) {
        return PlainYaml.tree("test.yaml", text);
    }
}
