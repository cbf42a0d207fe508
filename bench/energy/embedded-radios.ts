/** `data/radio-energy.csv` as text, so that the built program needs no file. A test holds the two equal. */
export const RADIO_ENERGY_CSV = `radio,promotion_ms,promotion_mw,tail_ms,tail_mw,active_base_mw,alpha_up_mw_per_mbps,alpha_down_mw_per_mbps,joules_per_isolated_probe,confidence,source
lte,260,1210,11576,1060,1288,438.39,51.97,12.6,published,"Huang et al., MobiSys 2012"
lte-aro,260,1210,10000,1060,1200,438.39,51.97,11.1,published,AT&T ARO lte.conf
3g,582,659,8088,804,818,868.98,122.12,6.9,recalled,"Huang et al., MobiSys 2012"
wifi,79,124,238,119,133,283.17,137.01,0.06,recalled,"Huang et al., MobiSys 2012"
lte-m,,,10000,,,,,0.35,reported,nRF9160 field measurements (10 s RRC timer without release assistance)
nb-iot-ecl0,,,,,,,,0.30,published,"NB-IoT two-modem four-vendor campaign, Ericsson, 16 B"
nb-iot-ecl1,,,,,,,,1.54,published,"same, coverage class 1"
nb-iot-ecl2,,,,,,,,4.8,published,"same, Huawei, coverage class 2"
`;
