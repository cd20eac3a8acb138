package dev.twofold.parse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import dev.twofold.diag.TwofoldException;
import dev.twofold.diag.TwofoldException.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Vehicles, some of which are like others. */
final class RecordYamlTest {

    record Vehicle(String name, Wheels wheels, Brakes brakes) {}

    record Wheels(int count, List<Integer> spokes) {}

    record Brakes(String kind) {}

    private static final RecordYaml<Vehicle> VEHICLES = new RecordYaml<>(
            Vehicle.class,
            new ObjectMapper(PlainYaml.FACTORY).setPropertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE),
            new ShippedYaml(
                    "a vehicle",
                    "/dev/twofold/parse/",
                    List.of("bicycle", "tricycle", "handcart", "hen", "egg", "cart")));

    @Test
    void a_file_holds_only_what_differs_from_the_one_that_it_is_like() {
        assertThat(VEHICLES.shipped("tricycle"))
                .isEqualTo(new Vehicle("tricycle", new Wheels(3, List.of(32, 36)), new Brakes("rim")));
    }

    @Test
    void a_key_that_is_null_is_not_inherited_however_long_the_chain() {
        assertThat(VEHICLES.shipped("handcart")).isEqualTo(new Vehicle("handcart", new Wheels(3, List.of()), null));
    }

    @Test
    void a_strangers_file_can_be_like_one_that_comes_with_twofold() {
        assertThat(VEHICLES.read("mine.yaml", "like: tricycle\nbrakes: {kind: disc}\n"))
                .isEqualTo(new Vehicle("tricycle", new Wheels(3, List.of(32, 36)), new Brakes("disc")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name: x\\nlike: bycicle              | mine.yaml, line 2: 'like' should name a vehicle | bycicle | did you mean 'bicycle'?",
                "like: something                      | mine.yaml, line 1: 'like' should name a vehicle | something | one of bicycle, tricycle",
                "like: mine                           | mine.yaml, line 1: 'like' should name a vehicle | mine | one of bicycle, tricycle",
                "like: [bicycle]                      | mine.yaml, line 1: 'like' should name a vehicle | bicycle | one of bicycle, tricycle",
                "like: null                           | mine.yaml, line 1: 'like' should name a vehicle | null | one of bicycle, tricycle",
                "lik: bicycle                         | mine.yaml, line 1: unknown key 'lik' | did you mean 'like'? | ''",
                "like: bicycle\\nbrake: {kind: disc}  | mine.yaml, line 2: unknown key 'brake' | did you mean 'brakes'? | ''",
                "like: bicycle\\nbrakes:\\n  knd: rim | mine.yaml, line 3: unknown key 'knd' | did you mean 'kind'? | ''",
                "like: bicycle\\nwheels:\\n  like: x  | mine.yaml, line 3: unknown key 'like' | '' | ''",
                "name: x\\nwheels:\\n  count: many    | mine.yaml, line 3: wrong value for wheels.count | a number | ''",
                "like: bicycle\\nwheels: {spokes: 32} | mine.yaml, line 2: wrong value for wheels.spokes | a list | ''",
                "[1]                                  | mine.yaml: the file is no mapping | keys and values | ''",
                "'{}\\n---\\n{}'                      | mine.yaml: more than one YAML document | --- | ''"
            })
    void a_mistake_in_a_strangers_file_is_refused_with_its_place(
            String text, String place, String detail, String advice) {
        assertThatExceptionOfType(TwofoldException.class)
                .isThrownBy(() -> VEHICLES.read("mine.yaml", text.replace("\\n", "\n")))
                .satisfies(refusal -> assertThat(refusal.kind()).isEqualTo(Kind.INPUT))
                .withMessageStartingWith(place)
                .withMessageContainingAll(detail, advice);
    }

    @ParameterizedTest
    @ValueSource(strings = {"hen", "egg"})
    void files_that_come_with_twofold_and_are_like_one_another_are_our_mistake(String name) {
        assertThatIllegalStateException()
                .isThrownBy(() -> VEHICLES.shipped(name))
                .withMessageContaining("like one another")
                .withMessageContaining("hen, egg")
                .withMessageEndingWith(name);
        assertThatIllegalStateException()
                .isThrownBy(() -> VEHICLES.read("mine.yaml", "like: " + name))
                .withMessageContaining("hen, egg");
    }

    @Test
    void a_file_that_comes_with_twofold_and_is_like_none_is_our_mistake() {
        assertThatIllegalStateException()
                .isThrownBy(() -> VEHICLES.read("mine.yaml", "like: cart"))
                .withMessageContaining("/dev/twofold/parse/cart.yaml")
                .withStackTraceContaining("sulky");
    }
}
