package dev.twofold.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class HardwareFileTest {

    private static final Path SHIPPED = Path.of("src/main/resources/dev/twofold/hardware");

    static Stream<Path> shipped() throws IOException {
        try (Stream<Path> files = Files.list(SHIPPED)) {
            return files.sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("shipped")
    void what_comes_with_twofold_is_sound_and_cites_its_sources(Path file) throws IOException {
        Hardware hardware = HardwareFile.parse(file.toString(), Files.readString(file));
        assertThat(hardware.name()).isNotBlank();
        assertThat(hardware.memoryGigabytesPerSecond().source()).contains("datasheet");
        assertThat(hardware.link().protocols()).hasSize(2);
    }

    static Stream<Arguments> broken() {
        return Stream.of(
                Arguments.of("memory-share: {value: 0.78", "memory-share: {value: 1.78", List.of("at most 1")),
                Arguments.of(
                        "memory-share: {value: 0.78", "memory-share: {value: -1", List.of("line 7", "should be zero")),
                Arguments.of(
                        "memory-share: {value: 0.78",
                        "memory-share: {value: 'x'",
                        List.of("line 7", "memory-share.value")),
                Arguments.of("memory-share:", "memory-shares:", List.of("memory-share")),
                Arguments.of("name: NVIDIA", "nickname: x\nname: NVIDIA", List.of("line 3", "unknown key 'nickname'")),
                Arguments.of("devices: [1, 2, 4, 8]", "devices: []", List.of("how many there can be")),
                Arguments.of("devices: [1, 2, 4, 8]", "devices: [", List.of("line 6")),
                Arguments.of("name: NVIDIA", "name: x\nname: NVIDIA", List.of("line 4", "Duplicate")));
    }

    @ParameterizedTest
    @MethodSource("broken")
    void rejects_a_file_and_says_where(String from, String to, List<String> said) throws IOException {
        String sound = Files.readString(SHIPPED.resolve("h100-sxm.yaml"));
        String broken = sound.replaceFirst(Pattern.quote(from), to);
        assertThatExceptionOfType(TwofoldException.class)
                .isThrownBy(() -> HardwareFile.parse("mine.yaml", broken))
                .satisfies(failure -> {
                    assertThat(failure.kind()).isEqualTo(TwofoldException.Kind.INPUT);
                    assertThat(failure.getMessage())
                            .startsWith("mine.yaml")
                            .contains(said)
                            .doesNotContain("Deserialization");
                });
    }

    @Test
    void rejects_a_figure_without_a_source() throws IOException {
        String sound = Files.readString(SHIPPED.resolve("h100-sxm.yaml"));
        String broken = sound.replaceFirst("\\{value: 80, source: '[^']*'}", "{value: 80, source: ''}");
        assertThatExceptionOfType(TwofoldException.class)
                .isThrownBy(() -> HardwareFile.parse("mine.yaml", broken))
                .withMessageContaining("line 5")
                .withMessageContaining("where it is from");
    }
}
