package dev.twofold.parse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class KeyLineTest {

    private static final String TEXT = String.join(
            "\n",
            "# what: comes first",
            "other: 'a key: in a text'",
            "outer:",
            "  other: {key: 1}",
            "  list:",
            "    - {key: 1}",
            "    -",
            "      more: 1",
            "      key: 2",
            "key: 3");

    @ParameterizedTest
    @CsvSource({
        "other, 2",
        "outer, 3",
        "key, 10",
        "outer other, 4",
        "outer other key, 4",
        "outer list 0 key, 6",
        "outer list 1 key, 9",
        "outer list 1 lost, 8",
        "outer lost, 3",
        "other lost, 2"
    })
    void is_that_of_the_last_key_that_is_there(String path, int line) {
        assertThat(KeyLine.of(TEXT, List.of(path.split(" ")))).hasValue(line);
    }

    @Test
    void is_nowhere_if_no_key_is_there() {
        assertThat(KeyLine.of(TEXT, List.of("lost", "key"))).isEmpty();
        assertThat(KeyLine.of(TEXT, List.of())).isEmpty();
    }
}
