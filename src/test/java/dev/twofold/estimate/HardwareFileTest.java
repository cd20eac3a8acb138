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

    static Stream<String> shipped() throws IOException {
        try (Stream<Path> files = Files.list(SHIPPED)) {
            return files.map(file -> file.getFileName().toString().replace(".yaml", "")).sorted().toList().stream();
        }
    }

    @Test
    void every_file_has_a_name() throws IOException {
        assertThat(HardwareFile.names())
                .containsExactlyInAnyOrderElementsOf(shipped().toList());
    }

    @ParameterizedTest
    @MethodSource("shipped")
    void what_comes_with_twofold_is_sound_and_cites_its_sources(String name) {
        Hardware hardware = HardwareFile.shipped(name);
        assertThat(hardware.name()).isNotBlank();
        assertThat(hardware.memoryGigabytesPerSecond().source()).contains("datasheet");
        assertThat(hardware.link().protocols()).hasSize(2);
    }

    static Stream<Arguments> broken() {
        return Stream.of(
                Arguments.of("memory-share: {value: 0.83", "memory-share: {value: 1.78", List.of("at most 1")),
                Arguments.of(
                        "memory-share: {value: 0.83", "memory-share: {value: -1", List.of("line 7", "should be zero")),
                Arguments.of(
                        "memory-share: {value: 0.83",
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
        String sound = Files.readString(SHIPPED.resolve("a100-sxm-80gb.yaml"));
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
        String sound = Files.readString(SHIPPED.resolve("a100-sxm-80gb.yaml"));
        String broken = sound.replaceFirst("\\{value: 80, source: '[^']*'}", "{value: 80, source: ''}");
        assertThatExceptionOfType(TwofoldException.class)
                .isThrownBy(() -> HardwareFile.parse("mine.yaml", broken))
                .withMessageContaining("line 5")
                .withMessageContaining("where it is from");
    }

    @Test
    void a_file_that_is_like_another_inherits_what_it_does_not_say() {
        Hardware h100 = HardwareFile.shipped("h100-sxm");
        Hardware mine = HardwareFile.parse(
                "mine.yaml", "like: h100-sxm\nname: mine\nmemory-gigabytes: {value: 96, source: measured}\n");
        assertThat(mine)
                .isEqualTo(new Hardware(
                        "mine",
                        h100.devices(),
                        new Figure(96, "measured"),
                        h100.memoryGigabytesPerSecond(),
                        h100.memoryShare(),
                        h100.teraflops(),
                        h100.computeShare(),
                        h100.launch(),
                        h100.link()));
    }

    @Test
    void an_inherited_figure_cannot_be_taken_away() {
        assertThatExceptionOfType(TwofoldException.class)
                .isThrownBy(() -> HardwareFile.parse("mine.yaml", "like: h100-sxm\nteraflops:\n  fp32: null\n"))
                .withMessageStartingWith("mine.yaml, line 3: wrong value for teraflops.fp32")
                .withMessageContaining("the key fp32 is missing");
    }
}
